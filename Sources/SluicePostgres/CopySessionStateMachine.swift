/// What a connection does, and may do, about one COPY FROM STDIN after the other.
///
/// Pure: events go in, actions come out, and the connection performs them. An event that cannot
/// come in a state is a mistake of ours and traps.
struct CopySessionStateMachine: Hashable {
    /// What CopyFail says when the server seems to have refused the data.
    ///
    /// If the server has, its own error is the answer; else this text comes back.
    static let probeMessage = "pgsluice asked for the server's error"

    /// What CopyFail says when the COPY is given up.
    static let abortMessage = "cancelled"

    enum State: Hashable {
        /// No COPY. Exits: opening (open), broken (connectionLost).
        case idle
        /// The statement is sent. Exits: copying (started), idle (refused), aborting (abort),
        /// broken (connectionLost).
        case opening
        /// The server takes data. Input other than a notice makes it suspicious: a part of a
        /// notice, or an error, which libpq does not show before the end.
        /// Exits: finishing (finish), probing (nothingArrived), aborting (abort), broken
        /// (connectionLost).
        case copying(isSuspicious: Bool)
        /// CopyDone is sent. Exits: idle (answered), aborting (abort), broken (connectionLost).
        case finishing
        /// CopyFail is sent, to hear the server's error.
        /// Exits: idle (answered), aborting (abort), broken (connectionLost).
        case probing
        /// CopyFail or a cancel request is sent. Exits: idle (aborted), broken (connectionLost).
        case aborting
        /// The connection is lost or given up. No exits.
        case broken
    }

    private(set) var state = State.idle
    /// False after a false alarm, so that the next try gets through.
    private(set) var looksForErrors = true

    /// False: the COPY that is open is not ended early.
    private var endsEarly = true

    /// From now on errors are seen when a COPY ends: where nothing can be sent again.
    mutating func lookForErrorsAtEndOnly() {
        looksForErrors = false
    }

    /// A COPY is about to be sent.
    ///
    /// - Parameter endsEarly: false: whatever comes amid it, it is made to fail by the server alone.
    mutating func open(endsEarly: Bool = true) {
        self.endsEarly = endsEarly
        switch state {
        case .idle: state = .opening
        case .opening, .copying, .finishing, .probing, .aborting, .broken: unexpected("open")
        }
    }

    /// The server takes data.
    mutating func started() {
        switch state {
        case .opening: state = .copying(isSuspicious: false)
        case .idle, .copying, .finishing, .probing, .aborting, .broken: unexpected("started")
        }
    }

    /// The server answered without taking data.
    mutating func refused() {
        switch state {
        case .opening: state = .idle
        case .idle, .copying, .finishing, .probing, .aborting, .broken: unexpected("refused")
        }
    }

    enum InputAction: Hashable {
        case goOn
        /// Wait a moment for more input, then tell `inputArrived` or `nothingArrived`.
        case lookCloser
    }

    /// Something was read between two pieces of data, and `noticeCount` notices came of it.
    mutating func inputArrived(noticeCount: Int) -> InputAction {
        switch state {
        case .copying:
            let isSuspicious = noticeCount == 0 && looksForErrors && endsEarly
            state = .copying(isSuspicious: isSuspicious)
            return isSuspicious ? .lookCloser : .goOn
        case .idle, .opening, .finishing, .probing, .aborting, .broken:
            unexpected("inputArrived")
        }
    }

    /// No more came after a suspicious input: send CopyFail with `probeMessage`, read the answer.
    mutating func nothingArrived() {
        switch state {
        case .copying(isSuspicious: true): state = .probing
        case .idle, .opening, .copying(isSuspicious: false), .finishing, .probing, .aborting,
            .broken:
            unexpected("nothingArrived")
        }
    }

    /// All data is sent: CopyDone follows.
    mutating func finish() {
        switch state {
        case .copying: state = .finishing
        case .idle, .opening, .finishing, .probing, .aborting, .broken: unexpected("finish")
        }
    }

    enum AnswerAction: Hashable {
        case succeed(rowCount: Int)
        case fail(PostgresError)
    }

    /// All results after CopyDone or CopyFail are in: COPY's count of rows, or the first error.
    mutating func answered(rowCount: Int?, error: PostgresError?) -> AnswerAction {
        switch state {
        case .finishing:
            state = .idle
            if let error { return .fail(error) }
            return rowCount.map { .succeed(rowCount: $0) } ?? .fail(.noRowCount)
        case .probing:
            state = .idle
            guard let error else { return .fail(.copyOutlivedItsFailure) }
            guard error.isProbeMessage else { return .fail(error) }
            looksForErrors = false
            return .fail(.falseAlarm)
        case .idle, .opening, .copying, .aborting, .broken: unexpected("answered")
        }
    }

    enum AbortAction: Hashable {
        case nothing
        /// Send CopyFail with `abortMessage`.
        case sendCopyFail
        /// The server may be at work and not listening: send a cancel request.
        case sendCancelRequest
    }

    /// The COPY, if there is one, is to be given up.
    mutating func abort() -> AbortAction {
        switch state {
        case .idle, .broken:
            return .nothing
        case .copying:
            state = .aborting
            return .sendCopyFail
        case .opening, .finishing, .probing:
            state = .aborting
            return .sendCancelRequest
        case .aborting: unexpected("abort")
        }
    }

    /// The server has ended the COPY that was given up.
    mutating func aborted() {
        switch state {
        case .aborting: state = .idle
        case .idle, .opening, .copying, .finishing, .probing, .broken: unexpected("aborted")
        }
    }

    /// The connection is lost, or was given up because it did not answer.
    mutating func connectionLost() {
        state = .broken
    }

    private func unexpected(_ event: String) -> Never {
        preconditionFailure("\(event) while \(state)")
    }
}

extension PostgresError {
    fileprivate static let noRowCount = PostgresError.protocolViolation(
        "COPY ended without a count of rows")
    fileprivate static let copyOutlivedItsFailure = PostgresError.protocolViolation(
        "COPY succeeded after it was made to fail")

    /// Whether the server only repeats what `CopySessionStateMachine` told it.
    fileprivate var isProbeMessage: Bool {
        guard case .server(let diagnostics) = self else { return false }
        return diagnostics.sqlState == .queryCanceled
            && diagnostics.message.contains(CopySessionStateMachine.probeMessage)
    }
}
