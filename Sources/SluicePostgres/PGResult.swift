import CLibpq

/// One `PGresult`. The libpq function that ends it is `PQclear`.
struct PGResult: ~Copyable {
    private let result: OpaquePointer

    init(_ result: OpaquePointer) {
        self.result = result
    }

    deinit {
        PQclear(result)
    }

    /// What a result is to its connection.
    enum Kind {
        case answer
        case error
        /// COPY FROM STDIN has begun.
        case copyIn
        /// COPY TO STDOUT, replication, a pipeline: never asked for.
        case unexpected
    }

    /// The libpq function is `PQresultStatus`.
    var kind: Kind {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: .answer
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: .error
        case PGRES_COPY_IN: .copyIn
        default: .unexpected
        }
    }

    /// `nil` when the error is libpq's, not the server's.
    var diagnostics: ServerDiagnostics? { ServerDiagnostics(of: result) }

    /// The libpq function is `PQresultErrorMessage`.
    var errorMessage: String { trimmed(PQresultErrorMessage(result)) }

    /// A copy of all of it.
    var queryResult: QueryResult {
        let width = PQnfields(result)
        return QueryResult(
            columns: (0..<width).map { String(cString: PQfname(result, $0)) },
            rows: (0..<PQntuples(result)).map { row in (0..<width).map { value(row, $0) } },
            commandTag: String(cString: PQcmdStatus(result)),
            affectedRows: Int(String(cString: PQcmdTuples(result))))
    }

    private func value(_ row: Int32, _ column: Int32) -> String? {
        guard PQgetisnull(result, row, column) == 0 else { return nil }
        return String(cString: PQgetvalue(result, row, column))
    }
}
