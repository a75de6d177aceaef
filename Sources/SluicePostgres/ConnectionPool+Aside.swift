extension ConnectionPool {
    /// Runs statements on a connection of its own, whether or not all others are lent, the pool is
    /// closed and the task cancelled. Answers the last result.
    ///
    /// - Throws: what the server says; `connectTimeout` or `stalled` when it takes longer.
    package func aside(
        _ sql: String, within limit: Duration
    ) async throws(PostgresError) -> QueryResult {
        let connection = try makeConnection()
        do throws(PostgresError) {
            let answer = try await connection.answer(sql, until: .now + limit)
            await connection.close()
            return answer
        } catch {
            await connection.close()
            throw error
        }
    }
}

extension Connection {
    fileprivate func answer(
        _ sql: String, until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> QueryResult {
        try open(within: max(.zero, deadline - .now))
        let answer = try exchange(sql, [], .cleanUp(deadline: deadline))
        if let error = answer.error { throw error }
        return answer.results.last ?? QueryResult()
    }
}
