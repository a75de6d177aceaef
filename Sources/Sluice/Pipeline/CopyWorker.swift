import Logging
import SluicePostgres

/// Drains the loaded batches: each one is a transaction on a connection from the pool, tried again
/// as long as that may help.
struct CopyWorker: Sendable {
    let ring: Ring
    let pool: ConnectionPool
    let context: LoadContext

    func run() async throws {
        var lanes = LaneChoice()
        for await batch in ring.loaded {
            // Batches are handed out after a cancellation too.
            try Task.checkCancellation()
            if batch.mustBeLoaded(context) {
                let loaded = try await load(batch, lanes)
                lanes.learn(from: loaded, of: batch)
            }
            ring.recycle(batch.slot, holdsLongPermit: batch.holdsLongPermit)
        }
        // The stream ends by cancellation too.
        try Task.checkCancellation()
    }

    private func load(_ batch: Batch, _ lanes: LaneChoice) async throws -> LoadedBatch {
        var trial = BatchTrial(batch: batch, context: context, pool: pool, lanes: lanes)
        let loaded = try await trial.run()
        context.committed(loaded)
        return loaded
    }
}

extension Batch {
    /// The ledger has all batches, that the ranges have no gaps.
    func mustBeLoaded(_ context: LoadContext) -> Bool {
        allRecords > 0 || context.ledger != nil
    }
}

extension LoadContext {
    /// A batch is in the table for good, or in its staging table.
    func committed(_ loaded: LoadedBatch) {
        if loaded.rejects.total > 0 {
            rejects?.keep(loaded.batches.byteRange, ofFile: loaded.batches.file)
        }
        if let staging {
            staging.stored(loaded)
            totals.staged(loaded.batches)
        } else {
            server.committed()
            totals.committed(loaded.batches, loaded.rows, loaded.rejects)
        }
    }
}
