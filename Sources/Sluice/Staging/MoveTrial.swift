import Logging
import SluicePostgres

/// The last step of an import that is all or nothing, through as many tries as it takes.
struct MoveTrial {
    private let move: Move
    private let pool: ConnectionPool
    private var retry: Retry
    /// What the last try may have left open on the server.
    private var leftOpen: TransactionMark?
    /// What the last try has sent COMMIT for, without an answer.
    private var uncertain: Moved?

    private var context: LoadContext { move.context }

    init(_ move: Move, pool: ConnectionPool) {
        self.move = move
        self.pool = pool
        retry = Retry(timeout: move.context.errors.retryTimeout)
    }

    mutating func run() async throws -> Moved {
        while true {
            switch try await attempt() {
            case .committed(let moved):
                return moved
            case .uncertain(let error, let moved):
                uncertain = moved
                try await pause(after: error, mayHelp: true)
            case .failed(let error, let mark, let isInRecovery):
                leftOpen = mark ?? leftOpen
                try await pause(
                    after: error, mayHelp: error.isTransient(isInRecovery: isInRecovery))
            }
        }
    }

    /// - Throws: when there is no other try.
    private mutating func pause(after error: PostgresError, mayHelp: Bool) async throws {
        guard mayHelp, let pause = retry.pause(after: error, at: .now) else {
            throw failure(error)
        }
        context.totals.retried(file: 0)
        let milliseconds = Int(pause / .milliseconds(1))
        context.logger.warning(
            "the last step is tried again in \(milliseconds) ms: \(Failure(error).message)")
        try await Task.sleep(for: pause)
    }

    private func failure(_ error: PostgresError) -> Failure {
        if uncertain != nil { return Self.uncertainty(error) }
        var failure = Failure(error)
        failure.message += " (while staged rows were moved into the table)"
        return failure
    }

    private static func uncertainty(_ cause: PostgresError) -> Failure {
        var failure = Failure(.commitUncertain(cause))
        failure.message = "uncertain: \(failure.message)"
        failure.advice =
            "look in the table whether the rows are there before you load them again"
        return failure
    }

    // MARK: One try

    private func attempt() async throws -> Move.Outcome {
        let deadline = retry.deadline
        do {
            return try await move.watch.watch { [self] in
                try await pool.withConnection { connection in
                    try await attempt(until: deadline, on: connection)
                }
            }
        } catch let error as PostgresError where error != .cancelled && error != .poolClosed {
            return .failed(error, mark: nil, isInRecovery: false)
        }
    }

    private func attempt(
        until deadline: ContinuousClock.Instant, on connection: isolated Connection
    ) async throws -> Move.Outcome {
        if let uncertain, try isCommitted(uncertain, until: deadline, on: connection) {
            return .committed(uncertain)
        }
        try leftOpen?.awaitEnd(until: deadline, on: connection)
        return try await move.run(on: connection)
    }

    /// The staging tables go with the rows, or not at all: if they are there, nothing is committed.
    private func isCommitted(
        _ moved: Moved, until deadline: ContinuousClock.Instant, on connection: isolated Connection
    ) throws -> Bool {
        try moved.mark.awaitEnd(until: deadline, on: connection)
        if try move.staging.isThere(on: connection) { return false }
        let now = ServerToken(try connection.query("SELECT \(ServerToken.columns)"))
        // A standby that has taken over may never have had them.
        guard now.timeline == moved.mark.token.timeline else {
            throw Self.uncertainty(.connectionLost(message: "another server has taken over"))
        }
        return true
    }
}
