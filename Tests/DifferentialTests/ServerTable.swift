import SluicePostgres

/// A schema of a test's own on the private server, dropped at its end.
struct Scratch: Sendable {
    let schema: String
    let parameters: ConnectionParameters
    let pool: ConnectionPool

    /// Lends a schema to `body`.
    static func with(
        _ schema: String, _ parameters: ConnectionParameters = ConnectionParameters(),
        _ body: (Scratch) async throws -> Void
    ) async throws {
        let scratch = Scratch(
            schema: schema, parameters: parameters,
            pool: ConnectionPool(
                parameters, maximum: 2, stallTimeout: .seconds(60), onNotice: { _ in }))
        do {
            _ = try await scratch.query("DROP SCHEMA IF EXISTS \(schema) CASCADE")
            _ = try await scratch.query("CREATE SCHEMA \(schema)")
            try await body(scratch)
            _ = try await scratch.query("DROP SCHEMA \(schema) CASCADE")
        } catch {
            await scratch.pool.close()
            throw error
        }
        await scratch.pool.close()
    }

    @discardableResult
    func query(_ sql: String) async throws -> QueryResult {
        try await pool.withConnection { try $0.query(sql) }
    }

    /// One value.
    func value(_ sql: String) async throws -> String? {
        try await query(sql).rows.first?.first ?? nil
    }

    /// What COPY itself makes of the bytes.
    @discardableResult
    func copy(_ bytes: [UInt8], into table: String, options: String) async throws -> Int {
        try await pool.withConnection { connection in
            _ = try connection.beginCopy("COPY \(table) FROM STDIN WITH (\(options))")
            try bytes.withUnsafeBytes { try connection.put($0) }
            return try connection.finishCopy()
        }
    }

    /// How many rows one table has and the other has not, duplicates counted.
    func differences(_ left: String, _ right: String) async throws -> String? {
        try await value(
            """
            WITH l AS (SELECT t::text FROM \(left) t), r AS (SELECT t::text FROM \(right) t)
            SELECT (SELECT count(*) FROM (TABLE l EXCEPT ALL TABLE r) a)
                 + (SELECT count(*) FROM (TABLE r EXCEPT ALL TABLE l) b)
            """)
    }
}
