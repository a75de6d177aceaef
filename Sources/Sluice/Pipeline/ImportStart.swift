import SluicePostgres
import Synchronization

/// What is done once in an import's life, when its first batch is ready.
struct ImportStart: Sendable {
    let context: LoadContext
    let pool: ConnectionPool
    let truncates: Bool
    /// TRUNCATE belongs to the transaction of the rows.
    let truncatesWithRows: Bool

    /// What the reader has found.
    enum Content: Sendable {
        case batch
        case headerOnly
        /// Neither record nor header.
        case nothing
    }

    /// What the rows' own transaction has to do.
    var truncation: Truncation? {
        truncates
            ? Truncation(target: context.target, lockTimeout: context.lockTimeout) : nil
    }

    func run(_ content: Content) async throws {
        if truncates, content == .nothing {
            throw Failure(
                .data, "the input has neither a record nor a header, so nothing was truncated",
                advice: "leave --truncate out if the table is to be left as it is")
        }
        if let ledger = context.ledger {
            guard !ledger.isBegun else { return }
            try await begin(ledger)
        } else if let truncation, !truncatesWithRows || content != .batch {
            try await pool.retrying(context.errors.retryTimeout) { try truncation.run(on: $0) }
            context.totals.truncated()
        }
    }

    private func begin(_ ledger: OwnedLedger) async throws {
        let once = truncation.map { [$0.statement] } ?? []
        let tries = Mutex(0)
        let state = try await pool.retrying(context.errors.retryTimeout) { connection in
            // A COMMIT that was not answered may have begun it.
            let isFirst = tries.withLock { tries in
                tries += 1
                return tries == 1
            }
            if !isFirst, let state = try ledger.ledger.takeOver(on: connection) { return state }
            return try ledger.ledger.create(
                once: once, lockTimeout: context.lockTimeout, on: connection)
        }
        ledger.begin(epoch: state.epoch)
        if truncates { context.totals.truncated() }
    }
}
