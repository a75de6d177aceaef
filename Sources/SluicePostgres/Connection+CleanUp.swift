extension Connection {
    /// Gives up what is under way, a COPY, a statement, a transaction, in bounded time.
    ///
    /// Afterwards the connection `isReusable`, or, if the server did not play along within half a
    /// second, is broken, with a cancel request sent to the server. For a broken one, or where
    /// nothing is under way, it does nothing.
    package func rollback() {
        do throws(PostgresError) {
            let patience = Patience.newCleanUp
            try endStatement(patience)
            guard transactionStatus != .idle else { return }
            let answer = try exchange("ROLLBACK", [], patience)
            if answer.error != nil { giveUp() }
        } catch {
            giveUp()
        }
    }

    /// Leaves the server: nobody gets this connection again.
    package func abandon() {
        giveUp()
    }

    private func endStatement(_ patience: Patience) throws(PostgresError) {
        switch copy.abort() {
        case .nothing:
            guard transactionStatus == .active else { return }
            sendCancelRequest()
            try drain(patience)
        case .sendCopyFail:
            try failCopy(patience)
            copy.aborted()
        case .sendCancelRequest:
            sendCancelRequest()
            try drain(patience)
            copy.aborted()
        }
    }

    /// Ends a COPY that has started, so that it fails, and drops all results.
    func failCopy(_ patience: Patience) throws(PostgresError) {
        try usableHandle().putCopyEnd(failingWith: CopySessionStateMachine.abortMessage)
        try drain(patience)
    }

    /// Sends the rest and drops all results; a COPY that starts amid them is made to fail.
    private func drain(_ patience: Patience) throws(PostgresError) {
        var answer = Answer()
        try receive(into: &answer, usableHandle(), patience)
        if answer.hasStartedCopy { try failCopy(patience) }
    }

    private func sendCancelRequest() {
        cancelRequest?.send(waitingOn: thread, until: .now + Connection.cleanUpTimeout)
    }

    /// Leaves a server that does not answer: it learns of it by the request and the closed socket.
    private func giveUp() {
        if transactionStatus == .active { sendCancelRequest() }
        copy.connectionLost()
        handle = nil
    }
}
