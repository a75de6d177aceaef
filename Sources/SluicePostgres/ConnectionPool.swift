import Synchronization

/// Lends connections: at most a maximum of them, to whoever came first.
///
/// They are opened when they are needed, and kept for the next. Whoever makes a pool must
/// `close()` it.
package final class ConnectionPool: Sendable {
    private typealias Grant = PoolStateMachine.Grant
    private typealias GrantResult = Result<Grant, PostgresError>
    private typealias Waiting = CheckedContinuation<GrantResult, Never>

    private struct State {
        var machine: PoolStateMachine
        var connections: [PlaceID: Connection] = [:]
        var waiting: [WaiterID: Waiting] = [:]
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>
    let makeConnection: @Sendable () throws(PostgresError) -> Connection

    /// `maximum` counts connections; for the rest see `Connection`.
    package init(
        _ parameters: ConnectionParameters, maximum: Int, stallTimeout: Duration?,
        onNotice: @escaping @Sendable (ServerDiagnostics) -> Void
    ) {
        state = Mutex(State(machine: PoolStateMachine(maximum: maximum)))
        makeConnection = { () throws(PostgresError) in
            try Connection(parameters, stallTimeout: stallTimeout, onNotice: onNotice)
        }
    }

    /// Lends a connection to `body`, which runs isolated to it, on its thread.
    ///
    /// Waits for one if all are lent. When `body` returns, the next may have the connection, if no
    /// transaction is open; when it throws, what is under way is rolled back first. A connection
    /// that is then not fit is closed. The cancellation of the task ends the wait for a lease and
    /// interrupts the connection.
    /// - Throws: what `body` throws; `poolClosed`; `cancelled`; what `Connection.open()` throws.
    package func withConnection<Value: Sendable>(
        _ body: @Sendable (isolated Connection) async throws -> Value
    ) async throws -> Value {
        let lease = try await lease()
        let connection = lease.connection
        do {
            let value = try await withTaskCancellationHandler {
                if lease.isNew { try await connection.open() }
                return try await body(connection)
            } onCancel: {
                connection.interrupt()
            }
            await release(lease)
            return value
        } catch {
            await connection.rollback()
            await release(lease)
            throw error
        }
    }

    /// How many wait for a lease.
    var waiterCount: Int { state.withLock { $0.waiting.count } }

    /// Ends the pool: waiters are refused, idle connections closed, lent ones waited for.
    ///
    /// Returns when all connections are closed and their threads have ended.
    package func close() async {
        let (action, waiting) = state.withLock { state in
            let action = state.machine.close()
            return (action, action.refused.compactMap { state.waiting.removeValue(forKey: $0) })
        }
        for waiting in waiting { waiting.resume(returning: .failure(.poolClosed)) }
        for place in action.closing { await closeConnection(at: place) }
        await waitUntilClosed()
    }

    private func waitUntilClosed() async {
        await withCheckedContinuation { closing in
            let isClosed = state.withLock { state in
                if state.machine.state != .closed { state.closing.append(closing) }
                return state.machine.state == .closed
            }
            if isClosed { closing.resume() }
        }
    }

    // MARK: Leases

    private struct Lease {
        let place: PlaceID
        let connection: Connection
        /// Whether it must be opened first.
        let isNew: Bool
    }

    private func lease() async throws(PostgresError) -> Lease {
        switch try await grant() {
        case .open(let place):
            return try await newLease(at: place)
        case .reuse(let place):
            // A place is idle, and so reused, only with its connection.
            let connection = state.withLock { $0.connections[place]! }
            if await connection.isHealthy {
                return Lease(place: place, connection: connection, isNew: false)
            }
            await connection.close()
            return try await newLease(at: place)
        }
    }

    private func newLease(at place: PlaceID) async throws(PostgresError) -> Lease {
        do throws(PostgresError) {
            let connection = try makeConnection()
            state.withLock { $0.connections[place] = connection }
            return Lease(place: place, connection: connection, isNew: true)
        } catch {
            await release(place, .discard)
            throw error
        }
    }

    /// Waits for its turn.
    private func grant() async throws(PostgresError) -> Grant {
        let waiter = state.withLock { $0.machine.newWaiter() }
        let result: GrantResult = await withTaskCancellationHandler {
            await withCheckedContinuation { waiting in
                if let grant = grant(for: waiter, waiting) { waiting.resume(returning: grant) }
            }
        } onCancel: {
            cancel(waiter)
        }
        return try result.get()
    }

    /// What there is at once; else keeps `waiting`.
    private func grant(for waiter: WaiterID, _ waiting: Waiting) -> GrantResult? {
        state.withLock { state in
            // Looked at under the lock: a cancellation from here on finds the waiter.
            if Task.isCancelled { return .failure(.cancelled) }
            switch state.machine.lease(waiter) {
            case .grant(let grant): return .success(grant)
            case .refuse: return .failure(.poolClosed)
            case .wait:
                state.waiting[waiter] = waiting
                return nil
            }
        }
    }

    private func cancel(_ waiter: WaiterID) {
        let waiting = state.withLock { state -> Waiting? in
            switch state.machine.cancelled(waiter) {
            case .nothing: nil
            case .fail(let waiter): state.waiting.removeValue(forKey: waiter)
            }
        }
        waiting?.resume(returning: .failure(.cancelled))
    }

    // MARK: Ends of leases

    private func release(_ lease: Lease) async {
        lease.connection.clearInterrupt()
        await release(lease.place, lease.connection.isReusable ? .reuse : .discard)
    }

    private func release(_ place: PlaceID, _ fate: PoolStateMachine.Fate) async {
        switch state.withLock({ $0.machine.released(place, fate) }) {
        case .nothing: return
        case .resume(let waiter, let grant): resume(waiter, grant)
        case .close(let place): await closeConnection(at: place)
        }
    }

    private func closeConnection(at place: PlaceID) async {
        let connection = state.withLock { $0.connections.removeValue(forKey: place) }
        await connection?.close()
        switch state.withLock({ $0.machine.closed(place) }) {
        case .nothing: return
        case .resume(let waiter, let grant): resume(waiter, grant)
        case .finish: finish()
        }
    }

    private func resume(_ waiter: WaiterID, _ grant: Grant) {
        // The machine names a waiter once, and nobody else takes him out then.
        let waiting = state.withLock { $0.waiting.removeValue(forKey: waiter)! }
        waiting.resume(returning: .success(grant))
    }

    private func finish() {
        let closing = state.withLock { state in
            defer { state.closing = [] }
            return state.closing
        }
        for closing in closing { closing.resume() }
    }
}
