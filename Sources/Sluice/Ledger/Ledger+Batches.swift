import SluiceCore
import SluicePostgres

extension Ledger {
    // MARK: A batch's transaction

    /// Statements for the transaction of a batch, between its BEGIN and its COPY, without a last
    /// semicolon. `check` judges the last one's answer.
    ///
    /// The lock keeps the epoch from being raised until the transaction's end. The question stands
    /// apart from it, to see what was committed while it waited. The session's own `lock_timeout`
    /// is kept in a setting of ours meanwhile.
    func claim(epoch: Int) -> String {
        """
        SELECT pg_catalog.set_config('pgsluice.lock_timeout', \
        pg_catalog.current_setting('lock_timeout'), true); \
        SET LOCAL lock_timeout = \(lockTimeout.milliseconds); \
        SELECT pg_catalog.pg_advisory_xact_lock_shared(\(lockKey)); \
        SELECT pg_catalog.set_config('lock_timeout', \
        pg_catalog.current_setting('pgsluice.lock_timeout'), true); \
        SELECT epoch AS ledger_epoch, stop_requested AS ledger_stop FROM pgsluice.import \
        WHERE id = \(SQLLiteral.quote(id)) AND epoch = \(epoch) AND state = 'running'
        """
    }

    /// Judges the answer to the last statement of `claim`.
    ///
    /// - Throws: `taken` if the import is not this run's any more; `cancelled` if somebody asked
    ///   it to stop: its message says so.
    func check(_ answer: QueryResult) throws(Failure) {
        guard !answer.rows.isEmpty else { throw takenFailure }
        guard answer.text("ledger_stop") == "f" else {
            throw Failure(
                .cancelled, "stopped by pgsluice status --stop \(id)",
                advice: "the same command goes on where this run has stopped")
        }
    }

    /// Inserts a batch's row, in the transaction that loads the batch, after `claim`.
    ///
    /// - Throws: `Failure` of the code `fault` if the ledger can't have it: it is there already, or
    ///   contradicts itself; `PostgresError`.
    func insert(_ batch: LedgerBatch, on connection: isolated Connection) throws {
        let answer: QueryResult
        do throws(PostgresError) {
            answer = try connection.query(Self.batchInsertion, [id] + batch.values)
        } catch {
            guard error.sqlState?.classCode == "23" else { throw error }
            // The ledger's constraints, not the table's: no record is to blame.
            throw Failure(.fault, "the ledger refuses a batch: \(Failure(error).message)")
        }
        guard answer.affectedRows == 1 else { throw takenFailure }
    }

    /// Whether the batch that begins there is in the ledger, and so in the table.
    ///
    /// Settles a COMMIT that was not answered, once its backend is gone.
    func contains(
        source: Int, start: Int, on connection: isolated Connection
    ) throws -> Bool {
        let answer = try connection.query(
            """
            SELECT FROM pgsluice.batch b
            JOIN pgsluice.import i ON i.id = b.import AND i.generation = b.generation
            WHERE b.import = $1 AND b.source = $2::integer AND b.start_byte = $3::bigint
            """, [id, String(source), String(start)])
        return !answer.rows.isEmpty
    }

    private static let batchInsertion = """
        INSERT INTO pgsluice.batch
            (import, generation, epoch, source, start_byte, end_byte, first_record, records,
             first_line, lines, last_line, hash, loaded, rejected, skipped, recovered, passed,
             malformed, rows_in_binary, rows_in_text)
        SELECT id, generation, epoch, $2::integer, $3::bigint, $4::bigint, $5::bigint, $6::bigint,
             $7::bigint, $8::bigint, $9::bigint, $10::pg_catalog.uuid, $11::bigint, $12::bigint,
             $13::bigint, $14::bigint, $15::bigint, $16::bigint, $17::bigint, $18::bigint
        FROM pgsluice.import WHERE id = $1
        """

    // MARK: Batches done

    /// How many rows of the ledger are in memory as text.
    private static let pageLength = 5_000

    /// For each source its batches, by their start.
    func batches(on connection: isolated Connection) throws -> [[LedgerBatch]] {
        try identity.sources.indices.map { try batches(of: $0, on: connection) }
    }

    private func batches(
        of source: Int, on connection: isolated Connection
    ) throws -> [LedgerBatch] {
        var batches: [LedgerBatch] = []
        while true {
            let start = batches.last?.range.upperBound ?? 0
            let page = try connection.query(Self.batchQuery, [id, String(source), String(start)])
            batches += page.rows.indices.map { LedgerBatch(page, row: $0) }
            guard page.rows.count == Self.pageLength else { return batches }
        }
    }

    private static let batchQuery = """
        SELECT b.source, b.start_byte, b.end_byte, b.first_record, b.records, b.first_line,
            b.lines, b.last_line, b.hash, b.loaded, b.rejected, b.skipped, b.recovered, b.passed,
            b.malformed, b.rows_in_binary, b.rows_in_text
        FROM pgsluice.batch b
        JOIN pgsluice.import i ON i.id = b.import AND i.generation = b.generation
        WHERE b.import = $1 AND b.source = $2::integer AND b.start_byte >= $3::bigint
        ORDER BY b.start_byte LIMIT \(pageLength)
        """
}

extension LedgerBatch {
    /// As `batchInsertion` has them.
    fileprivate var values: [String] {
        [
            String(source), String(range.lowerBound), String(range.upperBound),
            String(firstRecord), String(records), String(firstLine), String(lines),
            String(lastLine), hash.description, String(counts.rowsLoaded),
            String(counts.rowsRejected), String(counts.rowsSkipped),
            String(counts.recordsRecovered), String(counts.linesPassed),
            String(counts.recordsMalformed), String(counts.rowsInBinary),
            String(counts.rowsInText),
        ]
    }

    fileprivate init(_ answer: QueryResult, row: Int) {
        func number(_ column: String) -> Int { answer.number(column, row: row) }
        var counts = ImportCounts()
        counts.recordsRead = number("records")
        counts.rowsLoaded = number("loaded")
        counts.rowsRejected = number("rejected")
        counts.rowsSkipped = number("skipped")
        counts.recordsRecovered = number("recovered")
        counts.linesPassed = number("passed")
        counts.recordsMalformed = number("malformed")
        counts.rowsInBinary = number("rows_in_binary")
        counts.rowsInText = number("rows_in_text")
        self.init(
            source: number("source"), range: number("start_byte")..<number("end_byte"),
            firstRecord: number("first_record"), records: number("records"),
            firstLine: number("first_line"), lines: number("lines"), lastLine: number("last_line"),
            hash: answer.digest("hash", row: row), counts: counts)
    }
}
