import Synchronization

/// What the tasks of an import failed of. The first failure cancels the others; of several that
/// were under way the earliest in the input counts.
final class Causes: Sendable {
    private let failures = Mutex<[Failure]>([])

    /// Runs a task's work and keeps its failure, which is thrown on.
    func recording(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch {
            if let failure = Failure.cause(of: error) {
                failures.withLock { $0.append(failure) }
            }
            throw error
        }
    }

    /// The failure to report. One that names no place in the input comes first.
    var earliest: Failure? {
        failures.withLock { failures in
            failures.first { $0.order == nil }
                ?? failures.min { ($0.order ?? .start) < ($1.order ?? .start) }
        }
    }
}

extension Failure.Order {
    fileprivate static let start = Failure.Order(file: 0, byte: 0)
}
