import SluiceCodec
import SluiceCore
import SluicePostgres

/// Loads all batches in one transaction, and those of a file in one COPY: for a table that
/// references itself, whose foreign key is looked at when a COPY ends.
///
/// While it waits for input its transaction is open.
struct WholeCopyWorker: Sendable {
    let ring: Ring
    let pool: ConnectionPool
    let context: LoadContext
    /// What is done in the transaction before the first row.
    let once: [String]

    func run() async throws {
        // The connection is taken no earlier: it may be the only one, and TRUNCATE comes before.
        for await first in ring.loaded {
            let loads = try await pool.withConnection { connection in
                try await load(beginningWith: first, on: connection)
            }
            for load in loads {
                context.totals.committed(load.batches, LoadedRows(inText: load.rows))
            }
        }
        // The stream ends by cancellation too.
        try Task.checkCancellation()
    }

    /// What went in by one COPY.
    private struct FileLoad: Sendable {
        let plan: FilePlan
        var batches: CommittedBatches
        var rows = 0
    }

    private func load(
        beginningWith first: Batch, on connection: isolated Connection
    ) async throws -> [FileLoad] {
        var loads: [FileLoad] = []
        try take(first, into: &loads, on: connection)
        for await batch in ring.loaded { try take(batch, into: &loads, on: connection) }
        try Task.checkCancellation()
        try end(&loads, on: connection)
        return loads
    }

    private func take(
        _ batch: Batch, into loads: inout [FileLoad], on connection: isolated Connection
    ) throws {
        // Batches are handed out after a cancellation too.
        try Task.checkCancellation()
        do {
            try add(batch, to: &loads, on: connection)
        } catch let error as PostgresError where error != .cancelled {
            throw failure(error, batch.plan)
        }
        ring.recycle(batch.slot, holdsLongPermit: batch.holdsLongPermit)
    }

    private func add(
        _ batch: Batch, to loads: inout [FileLoad], on connection: isolated Connection
    ) throws {
        if loads.isEmpty {
            connection.lookForErrorsAtEndOnly()
            _ = try TransactionStart(context: context, statements: once)
                .begin(copying: batch.plan.copyText, on: connection)
        } else if loads.last?.batches.file != batch.file {
            loads[loads.count - 1].rows = try connection.finishCopy()
            _ = try connection.beginCopy(batch.plan.copyText)
        }
        if loads.last?.batches.file == batch.file {
            loads[loads.count - 1].batches.append(batch)
        } else {
            loads.append(FileLoad(plan: batch.plan, batches: CommittedBatches(batch)))
        }
        try BatchSender(batch: batch).sendText(batch.records, on: connection)
    }

    private func end(
        _ loads: inout [FileLoad], on connection: isolated Connection
    ) throws {
        guard let last = loads.last else { return }
        do {
            loads[loads.count - 1].rows = try connection.finishCopy()
            try keepBooks(loads, on: connection)
            try connection.commit()
        } catch let error as PostgresError {
            if error == .cancelled { throw CancellationError() }
            throw failure(error, last.plan)
        }
    }

    /// A row in the ledger for each file: which batch a row came from the server does not tell.
    private func keepBooks(
        _ loads: [FileLoad], on connection: isolated Connection
    ) throws {
        guard let ledger = context.ledger?.ledger else { return }
        for load in loads {
            try ledger.insert(load.batches.ledgerRow(loaded: load.rows), on: connection)
        }
    }

    /// The batch is known, but not the one whose record was refused: the COPY is older.
    private func failure(_ error: PostgresError, _ plan: FilePlan) -> Failure {
        var failure = Failure(error)
        failure.location = SourceLocation(file: plan.name)
        guard case .server(let diagnostics) = error else { return failure }
        if diagnostics.isAboutData(in: plan) { failure.blameData() }
        if let hint = CopyContext(diagnostics, relation: plan.relation, columns: plan.columns) {
            failure.location?.record = hint.line
            failure.location?.column = diagnostics.columnName ?? hint.column
        }
        return failure
    }
}
