import Sluice
import Synchronization

/// The last snapshot of an import, for whoever must report without it.
final class LatestSnapshot: Sendable {
    private let snapshot = Mutex<ImportSnapshot?>(nil)

    var value: ImportSnapshot? { snapshot.withLock { $0 } }

    func update(_ latest: ImportSnapshot) {
        snapshot.withLock { $0 = latest }
    }
}
