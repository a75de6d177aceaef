import SluiceCore

extension Connection {
    /// Runs one statement with parameters, `$1` and so on in text form, or several without.
    ///
    /// Answers the last result.
    /// - Throws: the first error, once all results are in; `cancelled` and `stalled` before that,
    ///   and then `rollback()` must follow.
    /// The libpq functions are `PQsendQuery` and `PQsendQueryParams`.
    package func query(
        _ sql: String, _ parameters: [String?] = []
    ) throws(PostgresError) -> QueryResult {
        try results(sql, parameters).last ?? QueryResult()
    }

    /// Runs several statements in one message, and answers all results.
    ///
    /// - Throws: as `query(_:_:)`.
    package func script(_ sql: String) throws(PostgresError) -> [QueryResult] {
        try results(sql, [])
    }

    private func results(
        _ sql: String, _ parameters: [String?]
    ) throws(PostgresError) -> [QueryResult] {
        try checkInterrupt()
        let answer = try exchange(sql, parameters, .work)
        guard !answer.hasStartedCopy else {
            try failCopy(.work)
            throw .protocolViolation("COPY FROM STDIN as a query")
        }
        if let error = answer.error { throw noting(error) }
        return answer.results
    }

    /// Commits the transaction.
    ///
    /// Once COMMIT is sent, an interrupt leaves the server half a second to answer.
    /// - Throws: `server` when the server refused it; `rolledBack`; `commitUncertain` when it was
    ///   sent and not answered; `cancelled` and `connectionLost` when it was not sent.
    package func commit() throws(PostgresError) {
        try checkInterrupt()
        let handle = try usableHandle()
        try handle.send("COMMIT", [])
        let answer = try commitAnswer(handle)
        if let error = answer.error {
            noting(error)
            throw isUsable && error.sqlState != nil ? error : .commitUncertain(error)
        }
        guard answer.results.last?.commandTag == "COMMIT" else { throw .rolledBack }
    }

    /// - Throws: `commitUncertain` when there is no answer.
    private func commitAnswer(_ handle: PGHandle) throws(PostgresError) -> Answer {
        var answer = Answer()
        do throws(PostgresError) {
            do throws(PostgresError) {
                try receive(into: &answer, handle, .work)
            } catch .cancelled {
                try receive(into: &answer, handle, .newCleanUp)
            }
        } catch {
            throw .commitUncertain(error)
        }
        return answer
    }

    /// Sends statements and reads their results, or those before COPY.
    ///
    /// - Throws: what keeps the results from being read; what they say is in the answer.
    func exchange(
        _ sql: String, _ parameters: [String?], _ patience: Patience
    ) throws(PostgresError) -> Answer {
        let handle = try usableHandle()
        try handle.send(sql, parameters)
        var answer = Answer()
        try receive(into: &answer, handle, patience)
        return answer
    }

    /// Sends what is queued, and then reads the results.
    func receive(
        into answer: inout Answer, _ handle: PGHandle, _ patience: Patience
    ) throws(PostgresError) {
        try flush(handle, patience)
        try collect(into: &answer, handle, patience)
    }

    /// Sends what is queued, and reads meanwhile: else both sides could wait for the other.
    ///
    /// A lost connection ends it too: the results say why.
    private func flush(_ handle: PGHandle, _ patience: Patience) throws(PostgresError) {
        while !handle.flush() {
            try wait(for: .readableOrWritable, on: handle.socket, patience)
            guard handle.consumeInput() else { return }
        }
    }

    /// Reads results until there are no more, or COPY has started.
    func collect(
        into answer: inout Answer, _ handle: PGHandle, _ patience: Patience
    ) throws(PostgresError) {
        while let result = try nextResult(handle, patience) {
            switch result.kind {
            case .answer: answer.results.append(result.queryResult)
            case .error: answer.add(error(of: result, handle))
            case .copyIn:
                answer.hasStartedCopy = true
                return
            case .unexpected:
                copy.connectionLost()
                throw .protocolViolation("COPY TO STDOUT as a query")
            }
        }
    }

    private func nextResult(
        _ handle: PGHandle, _ patience: Patience
    ) throws(PostgresError) -> PGResult? {
        while handle.isBusy {
            try wait(for: .readable, on: handle.socket, patience)
            guard handle.consumeInput() else { break }
        }
        return handle.nextResult()
    }

    private func error(of result: borrowing PGResult, _ handle: PGHandle) -> PostgresError {
        if let diagnostics = result.diagnostics { return .server(diagnostics) }
        return handle.isGood
            ? .protocolViolation(result.errorMessage)
            : .connectionLost(message: result.errorMessage)
    }

    /// Passes an error on, and notes the end of the connection if it is that.
    @discardableResult
    func noting(_ error: PostgresError) -> PostgresError {
        if case .server(let diagnostics) = error, diagnostics.endsConnection {
            copy.connectionLost()
        }
        return error
    }
}

/// What the server answered to what was sent last.
struct Answer {
    var results: [QueryResult] = []
    private(set) var error: PostgresError?
    var hasStartedCopy = false

    /// Keeps the first error, or the first of the server's own, which says more than libpq's.
    mutating func add(_ error: PostgresError) {
        if self.error?.sqlState == nil, self.error == nil || error.sqlState != nil {
            self.error = error
        }
    }
}
