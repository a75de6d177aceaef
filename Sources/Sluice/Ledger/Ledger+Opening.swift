import SluiceCore
import SluicePostgres

extension Ledger {
    /// An import that the ledger has.
    private struct Known {
        var identity: LedgerIdentity
        var epoch: Int
        var isFinished: Bool
    }

    /// Makes this run the owner of an import that was begun before.
    ///
    /// Whoever owned it till then can't commit a batch any more. Of a finished import nothing is
    /// changed; of streams, whose content is not known beforehand, it stays to be compared with
    /// `done`.
    /// - Returns: nil: there is no such import, or it is finished and this one is another, by its
    ///   table, dialect or sources.
    /// - Throws: `Failure`: `data` if it is unfinished and this one is another; `taken` if its
    ///   owner holds it too long. `PostgresError`.
    func takeOver(on connection: isolated Connection) throws -> LedgerState? {
        let owned = try owning(on: connection) { try own(on: connection) }
        guard let owned else { return nil }
        return LedgerState(
            epoch: owned.epoch, done: try batches(on: connection), isFinished: owned.isFinished)
    }

    private func own(on connection: isolated Connection) throws -> Owned? {
        guard let known = try known(on: connection) else { return nil }
        let changes = LedgerChanges(from: known.identity, to: identity)
        if known.isFinished {
            return changes.texts.isEmpty ? Owned(epoch: known.epoch, isFinished: true) : nil
        }
        if let refusal = changes.refusal(of: id) { throw refusal }
        return Owned(epoch: try raiseEpoch(on: connection), isFinished: false)
    }

    private struct Owned {
        var epoch: Int
        var isFinished: Bool
    }

    /// Begins an import, and does what is to be done once in its life, in one transaction.
    ///
    /// A finished import of the same id and another identity makes way. After a COMMIT without an
    /// answer `takeOver` tells whether it was done.
    /// - Parameter once: SQL statements that may wait `lockTimeout` for each lock; zero: for ever.
    /// - Throws: `Failure` of the code `taken` if another run has begun it in the meantime;
    ///   `PostgresError`, that of `once` too.
    func create(
        once: [String], lockTimeout: Duration, on connection: isolated Connection
    ) throws -> LedgerState {
        let epoch = try owning(on: connection) {
            if let known = try known(on: connection) {
                let hasChanged = !LedgerChanges(from: known.identity, to: identity).texts.isEmpty
                guard known.isFinished && hasChanged else {
                    throw Failure(.taken, "another run has begun import \(id)")
                }
            }
            let epoch = try insertImport(on: connection)
            _ = try connection.query("SET LOCAL lock_timeout = \(lockTimeout.milliseconds)")
            for statement in once { _ = try connection.query(statement) }
            return epoch
        }
        return LedgerState(epoch: epoch, done: identity.sources.map { _ in [] }, isFinished: false)
    }

    // MARK: Reading

    private func known(on connection: isolated Connection) throws -> Known? {
        let answer = try connection.query(Self.importQuery, [id])
        guard !answer.rows.isEmpty else { return nil }
        let sources = try connection.query(Self.sourceQuery, [id])
        let identity = LedgerIdentity(
            id: id, table: answer.text("table_name"), dialect: answer.text("dialect"),
            sources: sources.rows.indices.map { LedgerSource(sources, row: $0) })
        return Known(
            identity: identity, epoch: answer.number("epoch"),
            isFinished: answer.text("state") == "finished")
    }

    private static let importQuery = """
        SELECT table_name, dialect, state, epoch FROM pgsluice.import WHERE id = $1
        """

    private static let sourceQuery = """
        SELECT s.path, s.size, s.fingerprint
        FROM pgsluice.source s
        JOIN pgsluice.import i ON i.id = s.import AND i.generation = s.generation
        WHERE s.import = $1
        ORDER BY s.source
        """

    // MARK: Writing

    /// - Returns: the new epoch.
    private func raiseEpoch(on connection: isolated Connection) throws -> Int {
        let answer = try connection.query(
            """
            UPDATE pgsluice.import
            SET epoch = epoch + 1, stop_requested = false, host = $2, pid = $3::bigint,
                program_version = $4, updated_at = pg_catalog.now()
            WHERE id = $1 RETURNING epoch
            """, [id, LedgerProcess.host, String(LedgerProcess.pid), sluiceVersion])
        return answer.number("epoch")
    }

    /// What a finished import of this id has left stays, in an older generation: nobody needs the
    /// right to delete.
    private func insertImport(on connection: isolated Connection) throws -> Int {
        let answer = try connection.query(
            Self.importInsertion,
            [
                id, identity.table, identity.dialect, LedgerProcess.host,
                String(LedgerProcess.pid), sluiceVersion,
            ])
        for (number, source) in identity.sources.enumerated() {
            _ = try connection.query(
                Self.sourceInsertion,
                [
                    id, answer.text("generation"), String(number), source.path,
                    source.size.map { String($0) }, source.fingerprint?.description,
                ])
        }
        return answer.number("epoch")
    }

    private static let importInsertion = """
        INSERT INTO pgsluice.import AS i (id, table_name, dialect, host, pid, program_version)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET
            table_name = EXCLUDED.table_name, dialect = EXCLUDED.dialect, state = 'running',
            epoch = i.epoch + 1, generation = i.generation + 1, stop_requested = false,
            host = EXCLUDED.host, pid = EXCLUDED.pid, program_version = EXCLUDED.program_version,
            started_at = EXCLUDED.started_at, updated_at = EXCLUDED.updated_at, finished_at = NULL
        RETURNING epoch, generation
        """

    private static let sourceInsertion = """
        INSERT INTO pgsluice.source (import, generation, source, path, size, fingerprint)
        VALUES ($1, $2, $3, $4, $5, $6)
        """
}

extension LedgerSource {
    fileprivate init(_ answer: QueryResult, row: Int) {
        path = answer.text("path", row: row)
        size = answer[row: row, column: "size"].flatMap { Int($0) }
        fingerprint = answer[row: row, column: "fingerprint"].flatMap { Digest128(hex: $0) }
    }
}
