import SluicePostgres

/// What is asked of the server before the first row is sent.
struct Catalog {
    /// The oldest server that has what our questions name.
    static let oldestServer = 120_000

    /// Finds the table and makes sure that COPY can write to it.
    ///
    /// - Throws: `Failure` in the server's own words, or `PostgresError`.
    static func target(
        _ table: TableName, on connection: isolated Connection
    ) throws -> Target {
        guard connection.serverVersion >= oldestServer else {
            throw Failure(.server, "the server is older than PostgreSQL 12")
        }
        let found = try connection.query(relationQuery, [table.qualified.sql])
        guard let relation = found.row(0) else {
            throw Failure(.data, "relation \(table) does not exist")
        }
        try checkRelation(relation)
        let columns = try connection.query(columnQuery, [relation["oid"]])
        return Target(
            oid: relation["oid"], schema: relation["nspname"], name: relation["relname"],
            sql: relation["sql"],
            columns: columns.rows.indices.compactMap(columns.row).map { column in
                Target.Column(
                    name: column["attname"], type: column["type"],
                    isGenerated: column.isTrue("is_generated"),
                    isInsertable: column.isTrue("is_insertable"))
            })
    }

    /// How many connections the server has left for such as us.
    static func freeConnections(on connection: isolated Connection) throws -> Int {
        let answer = try connection.query(freeConnectionsQuery)
        return answer.row(0).flatMap { Int($0["free"]) } ?? 1
    }

    // MARK: Queries

    private static let relationQuery = """
        SELECT c.oid, n.nspname, c.relname, c.relkind,
               pg_catalog.format('%I.%I', n.nspname, c.relname) AS sql,
               pg_catalog.row_security_active(c.oid) AS has_row_security,
               EXISTS (SELECT FROM pg_catalog.pg_trigger t
                       WHERE t.tgrelid = c.oid AND t.tgtype & 68 = 68) AS has_instead_of
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = $1::pg_catalog.regclass
        """

    private static let columnQuery = """
        SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
               a.attgenerated <> '' AS is_generated,
               pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'INSERT') AS is_insertable
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
        """

    private static let freeConnectionsQuery = """
        SELECT pg_catalog.current_setting('max_connections')::int
             - pg_catalog.current_setting('superuser_reserved_connections')::int
             - (SELECT count(*) FROM pg_catalog.pg_stat_activity
                WHERE backend_type = 'client backend') AS free
        """

    // MARK: Checks

    private static func checkRelation(_ relation: Row) throws {
        func wrongKind(_ kind: String, hint: String? = nil) -> Failure {
            Failure(.data, "cannot copy to \(kind) \"\(relation["relname"])\"", advice: hint)
        }
        switch relation["relkind"] {
        case "r", "p", "f": break
        case "v" where relation.isTrue("has_instead_of"): break
        case "v":
            throw wrongKind(
                "view", hint: "to enable copying to a view, provide an INSTEAD OF INSERT trigger")
        case "m": throw wrongKind("materialized view")
        case "S": throw wrongKind("sequence")
        default: throw wrongKind("non-table relation")
        }
        guard !relation.isTrue("has_row_security") else {
            throw Failure(
                .data, "COPY FROM not supported with row-level security",
                advice: "load as a role that row-level security does not apply to, "
                    + "or into a table without it")
        }
    }
}

/// A row of an answer without NULLs.
private struct Row {
    let answer: QueryResult
    let index: Int

    subscript(column: String) -> String { answer[row: index, column: column] ?? "" }

    func isTrue(_ column: String) -> Bool { self[column] == "t" }
}

extension QueryResult {
    fileprivate func row(_ index: Int) -> Row? {
        rows.indices.contains(index) ? Row(answer: self, index: index) : nil
    }
}
