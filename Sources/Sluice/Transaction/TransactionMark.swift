import SluicePostgres

/// By which a transaction can be asked for when its connection is lost.
struct TransactionMark: Sendable {
    let id: String
    let token: ServerToken
    /// The process, by its number and its start: numbers come again.
    let backend: (pid: String, startedAt: String)

    static let columns = """
        pg_catalog.pg_current_xact_id() AS transaction_id, \
        pg_catalog.pg_backend_pid() AS backend_pid, \
        (SELECT backend_start FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid())) \
        AS backend_started_at, \(ServerToken.columns)
        """

    init(_ answer: QueryResult) {
        id = answer[row: 0, column: "transaction_id"] ?? ""
        token = ServerToken(answer)
        backend = (
            answer[row: 0, column: "backend_pid"] ?? "",
            answer[row: 0, column: "backend_started_at"] ?? ""
        )
    }
}

/// What became of a transaction whose COMMIT was not answered.
enum TransactionFate: Sendable {
    case committed
    /// It left nothing.
    case rolledBack
    /// The server can't tell.
    case unknown
}

extension TransactionMark {
    /// How long a backend may take to notice that its client is gone.
    private static let patience = Duration.seconds(3)
    private static let interval = Duration.milliseconds(100)

    /// Waits until the transaction's backend is gone, and ends it if it stays.
    ///
    /// A new try must not meet the old one: it would wait for its locks, or come twice.
    /// - Parameter deadline: when to give up.
    /// - Throws: `stalled` when the backend does not end; what the server says.
    func awaitEnd(
        until deadline: ContinuousClock.Instant, on connection: isolated Connection
    ) throws {
        let start = ContinuousClock.now
        var isTold = false
        while try isAlive(on: connection) {
            let waited = ContinuousClock.now - start
            if waited >= Self.patience, !isTold {
                isTold = true
                _ = try connection.query(
                    "SELECT pg_catalog.pg_terminate_backend($1::integer)", [backend.pid])
            }
            guard ContinuousClock.now < max(deadline, start + Self.patience * 2) else {
                throw PostgresError.stalled(after: waited)
            }
            try connection.pause(Self.interval)
        }
    }

    private func isAlive(on connection: isolated Connection) throws -> Bool {
        let answer = try connection.query(
            """
            SELECT FROM pg_catalog.pg_stat_get_activity($1::integer) \
            WHERE backend_start = $2::timestamp with time zone
            """, [backend.pid, backend.startedAt])
        return !answer.rows.isEmpty
    }

    /// What became of the transaction, once its backend is gone.
    ///
    /// Transaction numbers are given out again after a crash, so that of another server than the
    /// one that began it only the answer "not committed" is believed.
    func fate(on connection: isolated Connection) throws -> TransactionFate {
        let now = ServerToken(try connection.query("SELECT \(ServerToken.columns)"))
        guard let status = try status(on: connection) else { return .rolledBack }
        switch status {
        case "aborted": return .rolledBack
        case "committed" where now == token: return .committed
        default: return .unknown
        }
    }

    /// nil: the server has not given out that number yet.
    private func status(on connection: isolated Connection) throws -> String? {
        do throws(PostgresError) {
            let answer = try connection.query(
                "SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8) AS status", [id])
            return answer[row: 0, column: "status"] ?? "too old"
        } catch {
            guard error.sqlState?.code == "22023" else { throw error }
            return nil
        }
    }
}
