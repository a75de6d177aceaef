/// A database as psql reaches it, for what a test wants to know or change beside the program.
package struct Database: Sendable {
    /// What follows `-d`: a conninfo string; empty: what the PG* variables say.
    package let conninfo: String

    package init(_ conninfo: String = "") {
        self.conninfo = conninfo
    }

    /// The private server of scripts/with-server.sh.
    package static let privateServer = Database()

    /// What psql prints without decoration.
    /// - Throws: `ChildFailed`, with psql's words.
    @discardableResult
    package func query(_ sql: String, within limit: Duration = .seconds(60)) async throws -> String
    {
        let end = try await attempt(sql, within: limit)
        guard end.status == 0 else { throw ChildFailed(end) }
        return end.output.hasSuffix("\n") ? String(end.output.dropLast()) : end.output
    }

    /// How psql ended.
    package func attempt(
        _ sql: String, within limit: Duration = .seconds(60)
    ) async throws -> ChildEnd {
        try await start(sql).end(within: limit)
    }

    /// Starts psql, as a client that can be watched and killed.
    package func start(_ sql: String) throws -> ChildProcess {
        try ChildProcess(
            [try ServerPrograms.folder + "/psql", "-X", "-q", "-A", "-t", "-w"]
                + ["-v", "ON_ERROR_STOP=1", "-c", sql]
                + (conninfo.isEmpty ? [] : ["-d", conninfo]))
    }

    /// How many sessions there are that call themselves so.
    package func backends(named name: String) async throws -> Int {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(name)'"
        return Int(try await query(sql)) ?? -1
    }

    /// Whether psql gets through.
    package var isReachable: Bool {
        get async throws { try await attempt("SELECT 1", within: .seconds(5)).status == 0 }
    }
}
