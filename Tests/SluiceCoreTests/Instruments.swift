import Synchronization

/// What happened, in order, from any thread.
final class Log<Entry: Sendable>: Sendable {
    private let entries = Mutex<[Entry]>([])

    var all: [Entry] { entries.withLock { $0 } }
    var isEmpty: Bool { all.isEmpty }

    func append(_ entry: Entry) {
        entries.withLock { $0.append(entry) }
    }
}

/// A count that any thread may raise.
final class Counter: Sendable {
    private let value = Atomic(0)

    var count: Int { value.load(ordering: .acquiring) }

    func increment() {
        value.add(1, ordering: .acquiringAndReleasing)
    }
}
