import Logging
import SluiceCodec
import SluiceCore
import SluicePostgres

/// Drains the loaded batches: each one is a transaction on a connection from the pool.
struct CopyWorker: Sendable {
    let ring: Ring
    let pool: ConnectionPool
    let target: Target
    let totals: Totals
    let logger: Logger

    func run() async throws {
        var lanes = LaneChoice()
        for await batch in ring.loaded {
            // Batches are handed out after a cancellation too.
            try Task.checkCancellation()
            if batch.recordCount > 0 {
                let loaded = try await load(batch, inBinary: lanes.usesBinary(for: batch))
                lanes.learn(from: loaded, of: batch)
                totals.committed(CommittedBatches(batch), loaded)
            }
            ring.recycle(batch.slot, holdsLongPermit: batch.holdsLongPermit)
        }
        // The stream ends by cancellation too.
        try Task.checkCancellation()
    }

    private func load(_ batch: Batch, inBinary: Bool) async throws -> LoadedRows {
        do {
            return try await pool.withConnection { connection in
                try load(batch, inBinary: inBinary, on: connection)
            }
        } catch let error as PostgresError where error != .cancelled {
            throw Failure(error, in: batch)
        }
    }

    /// Values that the server refuses in binary it is given again in text, the whole batch: its
    /// answer to that is the one that counts.
    private func load(
        _ batch: Batch, inBinary: Bool, on connection: isolated Connection
    ) throws -> LoadedRows {
        let attempt = CopyAttempt(batch: batch, target: target)
        if inBinary {
            do {
                return try attempt.loadInBinary(on: connection)
            } catch PostgresError.server(let diagnostics)
                where diagnostics.sqlState.isAboutData && connection.isReusable
            {
                logger.debug("refused in binary, sent again in text: \(diagnostics.message)")
            } catch PostgresError.falseAlarm where connection.isReusable {
                logger.debug("a notice looked like an error; the batch is sent again")
            }
        }
        do {
            return try attempt.loadInText(on: connection)
        } catch PostgresError.falseAlarm where connection.isReusable {
            // From now on the connection looks for errors at the end only.
            return try attempt.loadInText(on: connection)
        }
    }
}

/// Rows of a batch that the server stored, by the lane they took.
struct LoadedRows: Sendable {
    var inBinary = 0
    var inText = 0
    /// Records that the binary lane left to the other.
    var unsure = 0
}

/// Whether to try the binary lane: not where it has left most records to the other.
private struct LaneChoice {
    private var textBatchesLeft = 0

    /// How many batches go in text before the binary lane is tried again.
    private static let pause = 16

    mutating func usesBinary(for batch: Batch) -> Bool {
        guard batch.plan.lane == .binary else { return false }
        defer { textBatchesLeft = max(0, textBatchesLeft - 1) }
        return textBatchesLeft == 0
    }

    mutating func learn(from loaded: LoadedRows, of batch: Batch) {
        if loaded.unsure * 2 > batch.recordCount { textBatchesLeft = Self.pause }
    }
}
