import SluiceCodec
import SluicePostgres

/// How a transaction begins: one message for all that goes before the data, so that nothing in
/// the database waits for us.
struct TransactionStart {
    let context: LoadContext
    /// Run before the data comes; they answer nothing.
    var statements: [String] = []

    /// What the server answered to it.
    struct Opening {
        /// The settings that change what a value means.
        let session: SessionTime
        let mark: TransactionMark
    }

    /// Statements, without a last semicolon.
    private var sql: String {
        let claim = context.ledger.map { "; " + $0.ledger.claim(epoch: $0.epoch) } ?? ""
        return """
            BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
            SET LOCAL client_encoding = 'UTF8'; \
            SELECT pg_catalog.set_config('synchronous_commit', 'on', true) \
            WHERE pg_catalog.current_setting('synchronous_commit') = 'off'; \
            SELECT \(SQLLiteral.quote(context.target.sql))::pg_catalog.regclass::pg_catalog.oid \
            AS oid, \
            pg_catalog.current_setting('TimeZone') AS zone, \
            pg_catalog.current_setting('timezone_abbreviations') AS abbreviations, \
            \(TransactionMark.columns)\(claim)
            """
    }

    /// Begins, with COPY as the last statement.
    ///
    /// - Throws: before anything is written: `Failure` when the table, the server or the import is
    ///   not what it was; `PostgresError`.
    func begin(copying copy: String, on connection: isolated Connection) throws -> Opening {
        let all = [sql] + statements + [copy]
        let answers = try connection.beginCopy(all.joined(separator: "; "))
        return try opening(answers)
    }

    func begin(on connection: isolated Connection) throws -> Opening {
        let answers = try connection.script(([sql] + statements).joined(separator: "; "))
        return try opening(answers)
    }

    private func opening(_ answers: [QueryResult]) throws -> Opening {
        guard let answer = answers.first(where: { $0.columns.contains("oid") }),
            answer[row: 0, column: "oid"] == context.target.oid
        else {
            throw Failure(
                .data, "the table \(context.target.sql) was replaced while it was loaded")
        }
        let mark = TransactionMark(answer)
        try context.server.check(
            mark.token, target: context.target, hasLedger: context.ledger != nil)
        try checkClaim(answers)
        return Opening(
            session: SessionTime(
                zoneIsUTC: ["UTC", "Etc/UTC"].contains(answer[row: 0, column: "zone"]),
                knowsAbbreviations: answer[row: 0, column: "abbreviations"] == "Default"),
            mark: mark)
    }

    private func checkClaim(_ answers: [QueryResult]) throws(Failure) {
        guard let ledger = context.ledger?.ledger else { return }
        guard let claim = answers.first(where: { $0.columns.contains("ledger_epoch") }) else {
            throw Failure(.fault, "the ledger's claim was not answered")
        }
        try ledger.check(claim)
    }
}
