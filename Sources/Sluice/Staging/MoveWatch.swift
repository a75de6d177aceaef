import SluicePostgres
import Synchronization

/// Looks from aside whether the server is at work on the last step, which says nothing for as long
/// as it takes.
final class MoveWatch: Sendable {
    private let pool: ConnectionPool
    /// How long the server may show no progress.
    private let interval: Duration
    private let mark = Mutex<TransactionMark?>(nil)

    init(pool: ConnectionPool, interval: Duration) {
        self.pool = pool
        self.interval = interval
    }

    /// The transaction to look for; nil: there is none as yet.
    var transaction: TransactionMark? {
        get { mark.withLock { $0 } }
        set { mark.withLock { $0 = newValue } }
    }

    /// Does the work, and ends it when the server is not at it.
    func watch(_ work: @Sendable @escaping () async throws -> Move.Outcome) async throws
        -> Move.Outcome
    {
        guard interval > .zero else { return try await work() }
        return try await withThrowingTaskGroup(of: Move.Outcome?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                await self.awaitStall()
                return nil
            }
            defer { group.cancelAll() }
            if let outcome = try await group.next() ?? nil { return outcome }
            group.cancelAll()
            return try await end(&group)
        }
    }

    /// A COMMIT that is under way may still be answered.
    private func end(
        _ group: inout ThrowingTaskGroup<Move.Outcome?, any Error>
    ) async throws -> Move.Outcome {
        do {
            if let outcome = try await group.next() ?? nil { return outcome }
        } catch PostgresError.cancelled where !Task.isCancelled {}
        try Task.checkCancellation()
        return .failed(.stalled(after: interval), mark: transaction, isInRecovery: false)
    }

    /// Returns when the server is not at work, or the task is cancelled.
    private func awaitStall() async {
        while (try? await Task.sleep(for: interval)) != nil {
            guard let transaction else { continue }
            guard await isAtWork(transaction) else { return }
        }
    }

    private func isAtWork(_ transaction: TransactionMark) async -> Bool {
        let pid = SQLLiteral.quote(transaction.backend.pid)
        let start = SQLLiteral.quote(transaction.backend.startedAt)
        // Between two statements it waits for us, who read a file.
        let answer = try? await pool.aside(
            """
            SELECT FROM pg_catalog.pg_stat_get_activity(\(pid)::integer) \
            WHERE backend_start = \(start)::timestamp with time zone AND (state = 'active' \
            OR state_change > pg_catalog.clock_timestamp() \
            - '\(interval.milliseconds) ms'::interval)
            """, within: interval)
        return answer?.rows.isEmpty == false
    }
}
