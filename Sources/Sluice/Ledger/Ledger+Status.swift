import SluiceCore
import SluicePostgres

/// What people ask of the ledger, and do to it, beside a run.
extension Ledger {
    /// The imports that the ledger has, the latest first.
    ///
    /// - Parameter id: of the one that is wanted; nil: all.
    static func list(
        _ id: String?, on connection: isolated Connection
    ) throws -> [LedgerImport] {
        let imports = try connection.query(importsQuery, [id])
        let sources = try connection.query(sourcesQuery, [id])
        var sourcesByImport: [String: [LedgerImport.Source]] = [:]
        for row in sources.rows.indices {
            sourcesByImport[sources.text("import", row: row), default: []].append(
                LedgerImport.Source(sources, row: row))
        }
        return imports.rows.indices.map { row in
            let id = imports.text("id", row: row)
            return LedgerImport(imports, row: row, sources: sourcesByImport[id] ?? [])
        }
    }

    /// Asks the run of an import to stop, which it does before its next batch.
    ///
    /// - Throws: `Failure` of the code `data` if there is no such import, or it is finished.
    static func requestStop(of id: String, on connection: isolated Connection) throws {
        let answer = try inTransaction(on: connection) {
            try connection.query(
                """
                UPDATE pgsluice.import
                SET stop_requested = state = 'running', updated_at = pg_catalog.now()
                WHERE id = $1 RETURNING state
                """, [id])
        }
        guard !answer.rows.isEmpty else { throw unknown(id) }
        guard answer.text("state") == "running" else {
            throw Failure(.data, "import \(id) is finished: there is nothing to stop")
        }
    }

    /// Drops an import from the ledger. A run of it that is at work can't write any more.
    ///
    /// - Throws: `Failure`: `data` if there is no such import; `taken` if a batch of it is under
    ///   way for too long.
    static func forget(_ id: String, on connection: isolated Connection) throws {
        let nobody = LedgerIdentity(id: id, table: "", dialect: "", sources: [])
        let answer = try Ledger(identity: nobody).owning(on: connection) {
            try connection.query("DELETE FROM pgsluice.import WHERE id = $1", [id])
        }
        guard answer.affectedRows == 1 else { throw unknown(id) }
    }

    /// Drops all that is finished, and what imports that began anew have left.
    ///
    /// - Returns: how many imports those were.
    static func prune(on connection: isolated Connection) throws -> Int {
        try inTransaction(on: connection) {
            _ = try connection.query(
                """
                DELETE FROM pgsluice.source s USING pgsluice.import i
                WHERE i.id = s.import AND s.generation < i.generation
                """)
            let answer = try connection.query(
                "DELETE FROM pgsluice.import WHERE state = 'finished'")
            return answer.affectedRows ?? 0
        }
    }

    static func unknown(_ id: String) -> Failure {
        Failure(.data, "the ledger has no import \(id)", advice: "see pgsluice status")
    }

    private static let importsQuery = """
        SELECT i.id, i.table_name, i.stop_requested, i.state, i.host, i.pid, i.program_version,
            \(milliseconds(of: "i.started_at")) AS started,
            \(milliseconds(of: "i.finished_at")) AS finished,
            \(milliseconds(
                of: "greatest(i.updated_at, pg_catalog.max(b.loaded_at))")) AS updated,
            coalesce(pg_catalog.sum(b.loaded), 0) AS loaded,
            coalesce(pg_catalog.sum(b.rejected), 0) AS rejected,
            coalesce(pg_catalog.sum(b.skipped), 0) AS skipped,
            pg_catalog.count(b.source) AS batches
        FROM pgsluice.import i
        LEFT JOIN pgsluice.batch b ON b.import = i.id AND b.generation = i.generation
        WHERE $1::pg_catalog.text IS NULL OR i.id = $1
        GROUP BY i.id
        ORDER BY i.started_at DESC, i.id
        """

    private static let sourcesQuery = """
        SELECT s.import, s.path, s.size,
            coalesce(pg_catalog.sum(b.end_byte - b.start_byte), 0) AS done,
            coalesce(pg_catalog.sum(b.loaded), 0) AS loaded,
            coalesce(pg_catalog.sum(b.rejected), 0) AS rejected
        FROM pgsluice.source s
        JOIN pgsluice.import i ON i.id = s.import AND i.generation = s.generation
        LEFT JOIN pgsluice.batch b
            ON b.import = s.import AND b.generation = s.generation AND b.source = s.source
        WHERE $1::pg_catalog.text IS NULL OR i.id = $1
        GROUP BY s.import, s.generation, s.source
        ORDER BY s.import, s.source
        """

    /// Since 1970, rounded down.
    private static func milliseconds(of time: String) -> String {
        "pg_catalog.floor(pg_catalog.date_part('epoch', \(time)) * 1000)::bigint"
    }
}

extension LedgerImport {
    fileprivate init(_ answer: QueryResult, row: Int, sources: [Source]) {
        func number(_ column: String) -> Int { answer.number(column, row: row) }
        id = answer.text("id", row: row)
        table = answer.text("table_name", row: row)
        let isStopping = answer.text("stop_requested", row: row) == "t"
        state = answer.text("state", row: row) == "finished" ? .finished : .running
        if isStopping { state = .stopping }
        host = answer.text("host", row: row)
        pid = number("pid")
        version = answer.text("program_version", row: row)
        startedAt = WallTime(millisecondsSince1970: number("started"))
        updatedAt = WallTime(millisecondsSince1970: number("updated"))
        finishedAt = answer[row: row, column: "finished"].flatMap { Int($0) }
            .map { WallTime(millisecondsSince1970: $0) }
        rowsLoaded = number("loaded")
        rowsRejected = number("rejected")
        rowsSkipped = number("skipped")
        batches = number("batches")
        self.sources = sources
    }
}

extension LedgerImport.Source {
    fileprivate init(_ answer: QueryResult, row: Int) {
        path = answer.text("path", row: row)
        size = answer[row: row, column: "size"].flatMap { Int($0) }
        bytesDone = answer.number("done", row: row)
        rowsLoaded = answer.number("loaded", row: row)
        rowsRejected = answer.number("rejected", row: row)
    }
}

extension WallTime {
    fileprivate init(millisecondsSince1970 milliseconds: Int) {
        self.init(seconds: milliseconds / 1_000, milliseconds: milliseconds % 1_000)
    }
}
