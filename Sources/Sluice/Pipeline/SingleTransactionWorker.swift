import Logging
import SluicePostgres

/// Loads all batches in one transaction: all or nothing.
///
/// While it waits for input its transaction is open.
struct SingleTransactionWorker: Sendable {
    let ring: Ring
    let pool: ConnectionPool
    let context: LoadContext
    /// What is done in the transaction before the first row.
    let once: [String]

    func run() async throws {
        // The connection is taken no earlier: it may be the only one.
        for await first in ring.loaded {
            let outcome = try await pool.withConnection { connection in
                try await load(beginningWith: first, on: connection)
            }
            try await settle(outcome)
            for loaded in outcome.batches { context.committed(loaded) }
        }
        // The stream ends by cancellation too.
        try Task.checkCancellation()
    }

    private struct Outcome: Sendable {
        let batches: [LoadedBatch]
        /// COMMIT was sent, and not answered.
        let uncertainty: PostgresError?
    }

    private func load(
        beginningWith first: Batch, on connection: isolated Connection
    ) async throws -> Outcome {
        let start = TransactionStart(
            context: context,
            statements: once + (context.rejectsRecords ? [BatchSorting.constraintsStatement] : []))
        connection.lookForErrorsAtEndOnly()
        let opening = try locating(first) { try start.begin(on: connection) }
        var loaded = [try take(first, opening, on: connection)]
        for await batch in ring.loaded {
            loaded.append(try take(batch, opening, on: connection))
        }
        try Task.checkCancellation()
        return try commit(loaded, on: connection)
    }

    private func commit(
        _ loaded: [LoadedBatch], on connection: isolated Connection
    ) throws -> Outcome {
        do throws(PostgresError) {
            try connection.commit()
            return Outcome(batches: loaded, uncertainty: nil)
        } catch .commitUncertain(let error) {
            return Outcome(batches: loaded, uncertainty: error)
        }
    }

    // MARK: A batch

    private func take(
        _ batch: Batch, _ opening: TransactionStart.Opening, on connection: isolated Connection
    ) throws -> LoadedBatch {
        // Batches are handed out after a cancellation too.
        try Task.checkCancellation()
        let loaded = try locating(batch) { try load(batch, opening, on: connection) }
        ring.recycle(batch.slot, holdsLongPermit: batch.holdsLongPermit)
        return loaded
    }

    private func load(
        _ batch: Batch, _ opening: TransactionStart.Opening, on connection: isolated Connection
    ) throws -> LoadedBatch {
        var rejects = BatchRejects()
        let rows: LoadedRows
        if let files = context.rejects {
            rows = try loadSorting(batch, files, &rejects, opening, on: connection)
        } else {
            rows = try loadAll(batch, opening, on: connection)
        }
        let loaded = LoadedBatch(batch, rows, rejects, mark: opening.mark)
        if let ledger = context.ledger?.ledger {
            try ledger.insert(loaded.ledgerRow(batch), on: connection)
        }
        return loaded
    }

    private func loadSorting(
        _ batch: Batch, _ files: RejectFiles, _ rejects: inout BatchRejects,
        _ opening: TransactionStart.Opening, on connection: isolated Connection
    ) throws -> LoadedRows {
        var sink = RejectSink(batch, part: try files.part(of: batch))
        var sorting = BatchSorting(batch: batch, context: context, session: opening.session)
        let rows = try sorting.run(&sink, LaneChoice(), on: connection)
        rejects = try sink.finish()
        try context.limits.add(rejects, of: batch)
        return rows
    }

    private func loadAll(
        _ batch: Batch, _ opening: TransactionStart.Opening, on connection: isolated Connection
    ) throws -> LoadedRows {
        let sender = BatchSender(batch: batch)
        guard batch.plan.lane == .binary else {
            _ = try connection.beginCopy(batch.plan.copyText)
            try sender.sendText(batch.records, on: connection)
            return LoadedRows(inText: try connection.finishCopy())
        }
        _ = try connection.beginCopy(batch.plan.copyBinary)
        return try sender.finishBinary(opening.session, on: connection)
    }

    private func locating<Value>(_ batch: Batch, _ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error as PostgresError where error != .cancelled {
            throw Failure(error, in: batch)
        }
    }

    // MARK: The end

    /// - Throws: when the transaction is not committed, or nobody can tell.
    private func settle(_ outcome: Outcome) async throws {
        guard let cause = outcome.uncertainty, let first = outcome.batches.first else { return }
        let deadline = ContinuousClock.now + context.errors.retryTimeout
        let fate = try await pool.withConnection { connection in
            try first.mark.awaitEnd(until: deadline, on: connection)
            return try first.mark.fate(on: connection)
        }
        switch fate {
        case .committed: return
        case .rolledBack: throw Failure(cause)
        case .unknown:
            var failure = Failure(.commitUncertain(cause))
            failure.message = "uncertain: \(failure.message)"
            failure.advice =
                "look in the table whether the rows are there before you load them again"
            throw failure
        }
    }
}
