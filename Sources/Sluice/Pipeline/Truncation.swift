import SluicePostgres

/// Empties the table. Never CASCADE.
struct Truncation: Sendable {
    let target: Target
    let lockTimeout: Duration

    /// For a transaction that goes on.
    var statements: [String] { [statement].limitingLocks(to: lockTimeout) }

    var statement: String { "TRUNCATE TABLE \(target.sql)" }

    /// In a transaction of its own: COPY in others would wait for it.
    func run(on connection: isolated Connection) throws {
        _ = try connection.query(
            """
            BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
            SET LOCAL lock_timeout = \(lockTimeout.milliseconds); \
            \(statement)
            """)
        try connection.commit()
    }
}

extension [String] {
    /// The statements, which wait for a lock no longer than this. In a transaction that goes on
    /// the session's own `lock_timeout` is put back.
    func limitingLocks(to timeout: Duration) -> [String] {
        [
            """
            SELECT pg_catalog.set_config('pgsluice.lock_timeout', \
            pg_catalog.current_setting('lock_timeout'), true)
            """,
            "SET LOCAL lock_timeout = \(timeout.milliseconds)",
        ] + self + [
            """
            SELECT pg_catalog.set_config('lock_timeout', \
            pg_catalog.current_setting('pgsluice.lock_timeout'), true)
            """
        ]
    }
}
