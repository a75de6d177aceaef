/// What the last batches teach about how to load the next one. Each worker has its own.
struct LaneChoice: Sendable {
    private var textBatchesLeft = 0
    /// The next batch is sorted at once: the last one had to be, and found rejects.
    private(set) var sortsAtOnce = false

    /// How many batches go in text before the binary lane is tried again.
    private static let pause = 16

    /// Not where it has left most records to the other.
    func usesBinary(for batch: Batch) -> Bool {
        batch.plan.lane == .binary && textBatchesLeft == 0
    }

    mutating func learn(from loaded: LoadedBatch, of batch: Batch) {
        textBatchesLeft = max(0, textBatchesLeft - 1)
        if loaded.rows.unsure * 2 > batch.recordCount { textBatchesLeft = Self.pause }
        sortsAtOnce = loaded.rows.wasSorted && loaded.rejects.total > loaded.rejects.malformed
    }
}
