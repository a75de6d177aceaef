extension ConnectionPool {
    /// Runs statements on a connection of its own, whether or not the pool is closed and the task
    /// cancelled.
    ///
    /// - Throws: what the server says; `connectTimeout` or `stalled` when it takes longer.
    package func cleanUp(_ sql: String, within limit: Duration) async throws(PostgresError) {
        let connection = try makeConnection()
        do throws(PostgresError) {
            try await connection.cleanUp(sql, until: .now + limit)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }
}

extension Connection {
    fileprivate func cleanUp(
        _ sql: String, until deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        try open(within: max(.zero, deadline - .now))
        let answer = try exchange(sql, [], .cleanUp(deadline: deadline))
        if let error = answer.error { throw error }
    }
}
