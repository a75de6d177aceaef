import SluicePostgres

/// What is asked of the server before the first row is sent.
struct Catalog {
    /// The oldest server that has what our questions name.
    static let oldestServer = 140_000

    /// So many texts are a row in any case: in a page of 8 kB each takes 24 bytes, or is moved out.
    private static let sortableColumns = 300

    /// Finds the table and makes sure that COPY can write to it.
    ///
    /// One question for the usual table: a new session answers each of them slowly.
    /// - Throws: `Failure` in the server's own words, or `PostgresError`.
    static func target(
        _ table: TableName, on connection: isolated Connection
    ) throws -> Target {
        guard connection.serverVersion >= oldestServer else {
            throw Failure(.server, "the server is older than PostgreSQL 14")
        }
        let answer = try connection.query(tableQuery, [table.qualified.sql])
        guard let relation = answer.row(0) else {
            throw Failure(.data, "relation \(table) does not exist")
        }
        try checkRelation(relation, on: connection)
        let columns = try answer.rows.indices.compactMap(answer.row).filter { $0["attname"] != "" }
            .map { try column($0, on: connection) }
        let isUTF8 = connection.parameterStatus("server_encoding") == "UTF8"
        return Target(
            oid: relation["oid"], schema: relation["nspname"], name: relation["relname"],
            sql: relation["sql"], columns: columns, isUTF8: isUTF8,
            referencesItself: try referencesItself(relation, on: connection),
            isUnlogged: relation.isTrue("is_unlogged"),
            canSortOnServer: isUTF8 && relation.isTrue("can_sort")
                && columns.count <= sortableColumns
                && columns.allSatisfy { $0.type.isReadByCast },
            hasInsertRules: relation.isTrue("has_insert_rules"))
    }

    private static func column(
        _ row: Row, on connection: isolated Connection
    ) throws -> Target.Column {
        Target.Column(
            name: row["attname"], type: try type(of: row, on: connection),
            isGenerated: row.isTrue("is_generated"), isInsertable: row.isTrue("is_insertable"))
    }

    private static func type(
        of column: Row, on connection: isolated Connection
    ) throws -> Target.ColumnType {
        var (typeID, modifier, kind) = (column["typid"], column["typmod"], column["typtype"])
        var (baseName, inputName) = (column["type"], column["input_type"])
        var hasTextCast = column.isTrue("has_text_cast")
        while kind == "d", let base = try connection.query(domainQuery, [typeID]).row(0) {
            if modifier == "-1" { modifier = base["typtypmod"] }
            (typeID, kind) = (base["typbasetype"], base["typtype"])
            (baseName, inputName) = (base["base_type"], base["input_type"])
            hasTextCast = base.isTrue("has_text_cast")
        }
        var type = Target.ColumnType(
            name: column["type"], baseName: baseName, inputName: inputName,
            hasTextCast: hasTextCast,
            oid: UInt32(typeID) ?? 0,
            modifier: Int32(modifier) ?? -1)
        if kind == "e" {
            let labels = try connection.query(labelQuery, [typeID])
            type.labels = labels.rows.compactMap(\.first).compactMap { $0 }
        }
        return type
    }

    /// A foreign key has triggers on both its tables.
    private static func referencesItself(
        _ relation: Row, on connection: isolated Connection
    ) throws -> Bool {
        guard relation.isTrue("relhastriggers") else { return false }
        return try !connection.query(selfReferenceQuery, [relation["oid"]]).rows.isEmpty
    }

    /// How many connections the server has left for such as us.
    static func freeConnections(on connection: isolated Connection) throws -> Int {
        let answer = try connection.query(freeConnectionsQuery)
        return answer.row(0).flatMap { Int($0["free"]) } ?? 1
    }

    // MARK: Queries

    /// Whether a cast from text is other than the type's input function. Those of "char" and name
    /// read as it does.
    private static func textCast(_ type: String) -> String {
        """
        EXISTS (
            SELECT FROM pg_catalog.pg_cast
            WHERE castsource = 'pg_catalog.text'::pg_catalog.regtype AND casttarget = \(type)
                AND castmethod = 'f' AND casttarget NOT IN (
                    'pg_catalog."char"'::pg_catalog.regtype, 'pg_catalog.name'::pg_catalog.regtype))
        """
    }

    private static let tableQuery = """
        SELECT c.oid, n.nspname, c.relname, c.relkind, c.relhastriggers,
               pg_catalog.format('%I.%I', n.nspname, c.relname) AS sql,
               pg_catalog.row_security_active(c.oid) AS has_row_security,
               a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
               pg_catalog.format_type(a.atttypid, -1) AS input_type,
               \(textCast("a.atttypid")) AS has_text_cast,
               c.relpersistence = 'u' AS is_unlogged,
               c.relhasrules AND EXISTS (
                   SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type = '3'
               ) AS has_insert_rules,
               c.relkind IN ('r', 'p') AND NOT c.relhasrules
               AND pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMP')
               AND EXISTS (
                   SELECT FROM pg_catalog.pg_language l
                   WHERE l.lanname = 'plpgsql' AND pg_catalog.has_language_privilege(l.oid, 'USAGE')
               ) AS can_sort,
               a.atttypid AS typid, a.atttypmod AS typmod, t.typtype,
               a.attgenerated <> '' AS is_generated,
               pg_catalog.has_column_privilege(c.oid, a.attnum, 'INSERT') AS is_insertable
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_attribute a
            ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE c.oid = $1::pg_catalog.regclass
        ORDER BY a.attnum
        """

    private static let domainQuery = """
        SELECT d.typbasetype, d.typtypmod, b.typtype,
               pg_catalog.format_type(d.typbasetype, d.typtypmod) AS base_type,
               pg_catalog.format_type(d.typbasetype, -1) AS input_type,
               \(textCast("d.typbasetype")) AS has_text_cast
        FROM pg_catalog.pg_type d JOIN pg_catalog.pg_type b ON b.oid = d.typbasetype
        WHERE d.oid = $1::pg_catalog.oid
        """

    private static let selfReferenceQuery = """
        SELECT FROM pg_catalog.pg_constraint
        WHERE conrelid = $1::pg_catalog.oid AND confrelid = conrelid AND contype = 'f'
        """

    private static let insteadOfQuery = """
        SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = $1::pg_catalog.oid AND tgtype & 68 = 68
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

    private static func checkRelation(
        _ relation: Row, on connection: isolated Connection
    ) throws {
        func wrongKind(_ kind: String, hint: String? = nil) -> Failure {
            Failure(.data, "cannot copy to \(kind) \"\(relation["relname"])\"", advice: hint)
        }
        switch relation["relkind"] {
        case "r", "p", "f": break
        case "v":
            let triggers = try connection.query(insteadOfQuery, [relation["oid"]])
            guard triggers.rows.isEmpty else { break }
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
