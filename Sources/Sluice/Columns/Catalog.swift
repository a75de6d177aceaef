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
        return Target(
            oid: relation["oid"], schema: relation["nspname"], name: relation["relname"],
            sql: relation["sql"], columns: try columns(of: relation["oid"], on: connection),
            referencesItself: relation.isTrue("references_itself"))
    }

    private static func columns(
        of oid: String, on connection: isolated Connection
    ) throws -> [Target.Column] {
        let answer = try connection.query(columnQuery, [oid])
        return try answer.rows.indices.compactMap(answer.row).map { column in
            Target.Column(
                name: column["attname"], type: try type(of: column, on: connection),
                isGenerated: column.isTrue("is_generated"),
                isInsertable: column.isTrue("is_insertable"))
        }
    }

    private static func type(
        of column: Row, on connection: isolated Connection
    ) throws -> Target.ColumnType {
        var type = Target.ColumnType(
            name: column["type"], oid: UInt32(column["typid"]) ?? 0,
            modifier: Int32(column["typmod"]) ?? -1)
        if column.isTrue("is_enum") {
            let labels = try connection.query(labelQuery, [column["typid"]])
            type.labels = labels.rows.compactMap(\.first).compactMap { $0 }
        }
        return type
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
                       WHERE t.tgrelid = c.oid AND t.tgtype & 68 = 68) AS has_instead_of,
               EXISTS (SELECT FROM pg_catalog.pg_constraint f
                       WHERE f.conrelid = c.oid AND f.confrelid = c.oid AND f.contype = 'f')
                   AS references_itself
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = $1::pg_catalog.regclass
        """

    private static let columnQuery = """
        WITH RECURSIVE base AS (
            SELECT a.attnum, a.atttypid AS typid, a.atttypmod AS typmod
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL
            SELECT b.attnum, t.typbasetype,
                   CASE WHEN b.typmod = -1 THEN t.typtypmod ELSE b.typmod END
            FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typid
            WHERE t.typtype = 'd'
        )
        SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
               b.typid, b.typmod, t.typtype = 'e' AS is_enum,
               a.attgenerated <> '' AS is_generated,
               pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'INSERT') AS is_insertable
        FROM pg_catalog.pg_attribute a
        JOIN base b ON b.attnum = a.attnum
        JOIN pg_catalog.pg_type t ON t.oid = b.typid AND t.typtype <> 'd'
        WHERE a.attrelid = $1::pg_catalog.oid
        ORDER BY a.attnum
        """

    private static let labelQuery = """
        SELECT enumlabel FROM pg_catalog.pg_enum WHERE enumtypid = $1::pg_catalog.oid
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
