import SluicePostgres

/// Empties the table before the first batch, in a transaction of its own: COPY in others would
/// wait for it.
struct Truncation: Sendable {
    let target: Target
    let lockTimeout: Duration
    let pool: ConnectionPool

    /// - Parameter hasContent: false for an input without record and header, which empties no table.
    func run(hasContent: Bool) async throws {
        guard hasContent else {
            throw Failure(
                .data, "the input has neither a record nor a header, so nothing was truncated",
                advice: "leave --truncate out if the table is to be left as it is")
        }
        let milliseconds = Int64(lockTimeout / .milliseconds(1))
        try await pool.withConnection { connection in
            _ = try connection.query(
                """
                BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
                SET LOCAL lock_timeout = \(milliseconds); \
                TRUNCATE TABLE \(target.sql)
                """)
            try connection.commit()
        }
    }
}
