package import SluiceCore
import Synchronization

/// Runs what a test wants to run on a thread of its own.
package actor ThreadResident {
    package nonisolated let thread: OwnThread
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    private init() throws {
        thread = try OwnThread(name: "resident")
    }

    /// Lends one, and ends its thread afterwards.
    package static func with<Value: Sendable>(
        _ body: (ThreadResident) async throws -> Value
    ) async throws -> Value {
        let resident = try ThreadResident()
        let result: Result<Value, any Error>
        do { result = .success(try await body(resident)) } catch { result = .failure(error) }
        await resident.thread.stop()
        return try result.get()
    }

    /// Runs `body` there; it may wait.
    package func run<Value: Sendable>(
        _ body: @Sendable (OwnThread) throws -> Value
    ) rethrows -> Value {
        try body(thread)
    }
}

/// Raised once, by any thread.
package final class Flag: Sendable {
    private let value = Atomic(false)

    package init() {}

    package var isRaised: Bool { value.load(ordering: .acquiring) }

    package func raise() {
        value.store(true, ordering: .releasing)
    }

    package func wait() async {
        while !isRaised { try? await Task.sleep(for: .milliseconds(1)) }
    }
}
