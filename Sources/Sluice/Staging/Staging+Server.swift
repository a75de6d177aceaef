import Logging
import SluicePostgres

extension Staging {
    /// Whether the server has one of the tables.
    func isThere(on connection: isolated Connection) throws -> Bool {
        guard let table = files.first.map({ self.table(ofFile: $0.file) }) else { return false }
        let answer = try connection.query(
            "SELECT pg_catalog.to_regclass(\(SQLLiteral.quote(table.sql))) AS oid")
        return answer[row: 0, column: "oid"] != nil
    }

    /// Whether a batch, which has stored rows, is committed.
    func holds(_ batch: Batch, on connection: isolated Connection) throws -> Bool {
        let answer = try connection.query(
            """
            SELECT EXISTS (
                SELECT FROM \(table(ofFile: batch.file).sql)
                WHERE \(StagingTable.offsetColumn) BETWEEN $1::bigint AND $2::bigint
            ) AS is_there
            """, [String(batch.range.lowerBound), String(batch.range.upperBound - 1)])
        return answer[row: 0, column: "is_there"] == "t"
    }

    /// Names tables that a run has left which was killed.
    func tellLeftOvers(_ logger: Logger, on connection: isolated Connection) throws {
        let answer = try connection.query(
            """
            SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS sql
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0
                AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
            WHERE n.nspname = $1 AND pg_catalog.starts_with(c.relname::pg_catalog.text, $2)
                AND d.description = $3
            ORDER BY 1
            """, [target.schema, StagingTable.namePrefix, StagingTable.comment(target)])
        guard !answer.rows.isEmpty else { return }
        let tables = answer.rows.compactMap { $0.first ?? nil }.joined(separator: ", ")
        logger.notice(
            """
            another run with --atomic has left rows on their way into \(target.sql); if it is not \
            at work any more, drop them: DROP TABLE \(tables)
            """)
    }

    /// Drops what is left after a failure, in bounded time, whether the task is cancelled or not.
    func dropLeft(_ pool: ConnectionPool, _ logger: Logger) async {
        let tables = leftTables.map(\.sql).joined(separator: ", ")
        guard !tables.isEmpty else { return }
        do {
            _ = try await pool.aside(
                "SET lock_timeout = \(Self.patience.milliseconds); DROP TABLE IF EXISTS \(tables)",
                within: Self.patience)
        } catch {
            logger.warning(
                "staged rows are left: DROP TABLE IF EXISTS \(tables) (\(Failure(error).message))")
        }
    }

    /// Who has cancelled the import waits.
    private static let patience = Duration.seconds(1)
}
