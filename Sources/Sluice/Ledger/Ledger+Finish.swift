import SluicePostgres

extension Ledger {
    /// Marks the import finished, in a transaction of its own, after a look whether it is.
    ///
    /// - Parameter sources: for each source the bytes that batches are to cover, and the records
    ///   that are to be in them, malformed ones included.
    /// - Throws: `Failure`: `taken` if the epoch is not this run's any more; `server` if batches
    ///   that were committed are not there. `PostgresError`.
    func finish(
        epoch: Int, sources: [(bodyStart: Int, bodyEnd: Int, records: Int)],
        on connection: isolated Connection
    ) throws {
        precondition(sources.count == identity.sources.count, "every source ends")
        try owning(on: connection) {
            try checkEpoch(epoch, on: connection)
            for (number, source) in sources.enumerated() {
                try checkCoverage(of: number, source, on: connection)
                try endSource(number, source.bodyStart..<source.bodyEnd, on: connection)
            }
            _ = try connection.query(
                """
                UPDATE pgsluice.import
                SET state = 'finished', stop_requested = false, finished_at = pg_catalog.now(),
                    updated_at = pg_catalog.now()
                WHERE id = $1
                """, [id])
        }
    }

    private func checkEpoch(_ epoch: Int, on connection: isolated Connection) throws {
        let answer = try connection.query(
            "SELECT FROM pgsluice.import WHERE id = $1 AND epoch = $2::bigint", [id, String(epoch)])
        guard !answer.rows.isEmpty else { throw takenFailure }
    }

    /// The ranges begin where the body does, each where the last one ended, and end with it.
    private func checkCoverage(
        of number: Int, _ source: (bodyStart: Int, bodyEnd: Int, records: Int),
        on connection: isolated Connection
    ) throws {
        let answer = try connection.query(
            Self.coverageQuery, [id, String(number), String(source.bodyStart)])
        let isWhole =
            answer.text("is_tiled") == "t" && answer.number("covered_end") == source.bodyEnd
            && answer.number("records") == source.records
        guard isWhole else {
            let path = identity.sources[number].path
            throw Failure(
                .server,
                "the server lost acknowledged commits: the ledger does not cover \(path)",
                advice: "run again with --resume")
        }
    }

    private static let coverageQuery = """
        SELECT coalesce(pg_catalog.bool_and(start_byte = previous_end), true) AS is_tiled,
            coalesce(pg_catalog.max(end_byte), $3::bigint) AS covered_end,
            coalesce(pg_catalog.sum(records), 0) AS records
        FROM (
            SELECT b.start_byte, b.end_byte, b.records,
                pg_catalog.lag(b.end_byte, 1, $3::bigint) OVER (ORDER BY b.start_byte)
                    AS previous_end
            FROM pgsluice.batch b
            JOIN pgsluice.import i ON i.id = b.import AND i.generation = b.generation
            WHERE b.import = $1 AND b.source = $2::integer
        ) AS ranges
        """

    private func endSource(
        _ number: Int, _ body: Range<Int>, on connection: isolated Connection
    ) throws {
        _ = try connection.query(
            """
            UPDATE pgsluice.source s
            SET body_start = $3::bigint, body_end = $4::bigint
            FROM pgsluice.import i
            WHERE i.id = $1 AND s.import = i.id AND s.generation = i.generation
                AND s.source = $2::integer
            """, [id, String(number), String(body.lowerBound), String(body.upperBound)])
    }
}
