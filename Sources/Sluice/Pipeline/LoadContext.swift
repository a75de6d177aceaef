import Logging
import SluicePostgres
import Synchronization

/// What all batches of an import are loaded with.
struct LoadContext: Sendable {
    let target: Target
    let errors: ErrorOptions
    /// How long a lock may be waited for by what is done once.
    let lockTimeout: Duration
    /// nil under `stop`, where nothing is rejected.
    let rejects: RejectFiles?
    let limits: RejectLimits
    /// nil without `--resume`.
    let ledger: OwnedLedger?
    /// nil without `--atomic`.
    let staging: Staging?
    let server: ServerWatch
    let totals: Totals
    let logger: Logger

    var rejectsRecords: Bool { errors.policy == .reject }
}

/// A ledger, and the epoch in which this run owns its import.
final class OwnedLedger: Sendable {
    let ledger: Ledger
    private let ownEpoch: Mutex<Int?>

    /// - Parameter epoch: nil as long as the import is not begun.
    init(_ ledger: Ledger, epoch: Int?) {
        self.ledger = ledger
        ownEpoch = Mutex(epoch)
    }

    var isBegun: Bool { ownEpoch.withLock { $0 != nil } }

    /// Before the first batch it is known.
    var epoch: Int {
        guard let epoch = ownEpoch.withLock({ $0 }) else { preconditionFailure("no epoch yet") }
        return epoch
    }

    func begin(epoch: Int) {
        ownEpoch.withLock { $0 = epoch }
    }
}
