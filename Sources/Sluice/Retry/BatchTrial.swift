import Logging
import SluicePostgres

/// A batch on its way into the table, through as many tries as it takes.
struct BatchTrial {
    let batch: Batch
    let context: LoadContext
    let pool: ConnectionPool
    let lanes: LaneChoice
    private var retry: Retry
    /// What the last try may have left open on the server.
    private var leftOpen: TransactionMark?
    /// What the last try has sent COMMIT for, without an answer.
    private var uncertain: LoadedBatch?

    init(batch: Batch, context: LoadContext, pool: ConnectionPool, lanes: LaneChoice) {
        self.batch = batch
        self.context = context
        self.pool = pool
        self.lanes = lanes
        retry = Retry(timeout: context.errors.retryTimeout)
    }

    mutating func run() async throws -> LoadedBatch {
        while true {
            switch try await attempt() {
            case .committed(let loaded):
                return loaded
            case .uncertain(let error, let loaded):
                uncertain = loaded
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
        context.totals.retried(file: batch.file)
        let milliseconds = Int(pause / .milliseconds(1))
        context.logger.warning(
            """
            \(batch.plan.name): lines \(batch.firstLine)-\(batch.lastLine) are tried again in \
            \(milliseconds) ms: \(Failure(error).message)
            """)
        try await Task.sleep(for: pause)
    }

    private func failure(_ error: PostgresError) -> Failure {
        Failure(uncertain == nil ? error : .commitUncertain(error), in: batch)
    }

    // MARK: One try

    private func attempt() async throws -> BatchLoad.Outcome {
        let deadline = retry.deadline
        do {
            return try await pool.withConnection { [self] connection in
                try attempt(until: deadline, on: connection)
            }
        } catch let error as PostgresError where error != .cancelled && error != .poolClosed {
            return .failed(error, mark: nil, isInRecovery: false)
        }
    }

    private func attempt(
        until deadline: ContinuousClock.Instant, on connection: isolated Connection
    ) throws -> BatchLoad.Outcome {
        if let uncertain {
            if let loaded = try settle(uncertain, until: deadline, on: connection) {
                return .committed(loaded)
            }
            context.limits.remove(uncertain.rejects, of: batch)
        }
        try leftOpen?.awaitEnd(until: deadline, on: connection)
        return try BatchLoad(batch: batch, context: context).run(lanes, on: connection)
    }

    /// - Returns: nil: the transaction is not committed, the batch may be tried again.
    private func settle(
        _ loaded: LoadedBatch, until deadline: ContinuousClock.Instant,
        on connection: isolated Connection
    ) throws -> LoadedBatch? {
        try loaded.mark.awaitEnd(until: deadline, on: connection)
        if let ledger = context.ledger?.ledger {
            let isThere = try ledger.contains(
                source: batch.file, start: batch.range.lowerBound, on: connection)
            return isThere ? loaded : nil
        }
        if let staging = context.staging {
            // Without rows it may be tried again, whatever it did.
            return try staging.holds(batch, on: connection) ? loaded : nil
        }
        switch try loaded.mark.fate(on: connection) {
        case .committed: return loaded
        case .rolledBack: return nil
        case .unknown: throw Failure(.commitUncertain(.connectionLost(message: "")), in: batch)
        }
    }
}
