import SluiceCore

extension Connection {
    /// libpq holds no more than this of what is put.
    private static let pieceByteLimit = ByteCount.kibibytes(256)

    /// How long the rest of a notice may be under way.
    private static let noticeDelayMax = Duration.milliseconds(50)

    /// Sends statements the last of which is COPY … FROM STDIN, in one message.
    ///
    /// Answers the results of those before it. `put(_:)` and `finishCopy()` follow, or
    /// `rollback()`.
    /// - Parameter endsEarly: false: the server's error is told at the end, and there is no
    ///   `falseAlarm`. For data that the server is not expected to refuse.
    /// - Throws: as `query(_:_:)`; `protocolViolation` when no COPY has begun.
    package func beginCopy(
        _ sql: String, endsEarly: Bool = true
    ) throws(PostgresError) -> [QueryResult] {
        try checkInterrupt()
        copy.open(endsEarly: endsEarly)
        let answer = try exchange(sql, [], .work)
        guard answer.hasStartedCopy else {
            copy.refused()
            throw noting(answer.error ?? .protocolViolation("no COPY FROM STDIN was begun"))
        }
        copy.started()
        return answer.results
    }

    /// Ends no COPY early, on this connection: for what can't be sent again after `falseAlarm`.
    package func lookForErrorsAtEndOnly() {
        copy.lookForErrorsAtEndOnly()
    }

    /// Sends bytes of COPY, cut anywhere, and returns when the system has taken all of them.
    ///
    /// Waits as long as the server is slow: that is the backpressure.
    /// - Throws: the server's error, early where it shows and else in `finishCopy()`; `falseAlarm`;
    ///   `connectionLost`. After `cancelled` and `stalled` the COPY is still open.
    /// The libpq functions are `PQputCopyData` and `PQflush`.
    package func put(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
        var start = 0
        while start < bytes.count {
            let end = min(start + Self.pieceByteLimit.bytes, bytes.count)
            try putPiece(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            start = end
        }
    }

    /// Ends the data, and answers how many rows the server has taken.
    ///
    /// - Throws: the server's error, `connectionLost`, `cancelled`, `stalled`.
    /// The libpq function is `PQputCopyEnd`.
    package func finishCopy() throws(PostgresError) -> Int {
        try checkInterrupt()
        let handle = try usableHandle()
        copy.finish()
        return try endCopy(failingWith: nil, handle)
    }

    private func putPiece(_ piece: UnsafeRawBufferPointer) throws(PostgresError) {
        try checkInterrupt()
        let handle = try usableHandle()
        guard try handle.putCopyData(piece) else { throw lossInCopy(handle) }
        while !handle.flush() {
            try wait(for: .readableOrWritable, on: handle.socket, .work)
            try lookForError(handle)
        }
        guard handle.isGood else { throw lossInCopy(handle) }
        try lookForError(handle)
    }

    // MARK: Early notice of an error

    /// Reads what the server has sent amid the data; if that is no notice, it is an error.
    ///
    /// libpq keeps an error to itself until the COPY ends. So it is ended, made to fail: if the
    /// server has failed already, its own error is the answer. An error that comes together with a
    /// notice, or that `PQflush` happens to read, is seen at the end only.
    private func lookForError(_ handle: PGHandle) throws(PostgresError) {
        guard isReadable(handle.socket, within: .zero) else { return }
        let delay = handle.seesErrorNext ? Duration.zero : Self.noticeDelayMax
        while try takeInput(handle) == .lookCloser {
            guard isReadable(handle.socket, within: delay) else {
                copy.nothingArrived()
                _ = try endCopy(failingWith: CopySessionStateMachine.probeMessage, handle)
                return
            }
        }
    }

    private func takeInput(
        _ handle: PGHandle
    ) throws(PostgresError) -> CopySessionStateMachine.InputAction {
        let before = handle.noticeCount
        guard handle.consumeInput() else { throw lossInCopy(handle) }
        // Parses what was read.
        _ = handle.isBusy
        return copy.inputArrived(noticeCount: handle.noticeCount - before)
    }

    // MARK: End

    /// Sends CopyDone, or with a message CopyFail, and reads the answer.
    func endCopy(
        failingWith message: String?, _ handle: PGHandle
    ) throws(PostgresError) -> Int {
        var answer = Answer()
        handle.putCopyEnd(failingWith: message)
        try receive(into: &answer, handle, .work)
        let rowCount = answer.results.last?.affectedRows
        switch copy.answered(rowCount: rowCount, error: answer.error) {
        case .succeed(let rowCount): return rowCount
        case .fail(let error): throw noting(error)
        }
    }

    /// What the server said before the connection was lost, or else that it was lost.
    ///
    /// Only when the COPY has ended does libpq show it.
    private func lossInCopy(_ handle: PGHandle) -> PostgresError {
        var answer = Answer()
        handle.putCopyEnd(failingWith: CopySessionStateMachine.abortMessage)
        try? collect(into: &answer, handle, .newCleanUp)
        copy.connectionLost()
        return answer.error ?? handle.failure
    }
}
