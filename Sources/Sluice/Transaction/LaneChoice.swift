/// What the last batches teach about how to load the next one. Each worker has its own.
struct LaneChoice: Sendable {
    private var textBatchesLeft = 0
    private(set) var sorting = Sorting.whenRefused
    private var sortedBatchesLeft = 0

    /// How the next batch's rejects are to be found.
    enum Sorting {
        /// COPY is tried with all records.
        case whenRefused
        /// Without those that the table's rules will refuse, it seems: so it went the last time.
        case foreseeing
        /// One by one: the last batch had to be sorted, and found rejects.
        case atOnce
    }

    /// How many batches go in text before the binary lane is tried again.
    private static let pause = 16
    /// How many batches are sorted at once before one is looked over again.
    private static let sortedBatches = 4

    /// Not where it has left most records to the other.
    func usesBinary(for batch: Batch) -> Bool {
        batch.plan.lane == .binary && textBatchesLeft == 0
    }

    mutating func learn(from loaded: LoadedBatch, of batch: Batch) {
        textBatchesLeft = max(0, textBatchesLeft - 1)
        if loaded.rows.unsure * 2 > batch.recordCount { textBatchesLeft = Self.pause }
        sorting = nextSorting(after: loaded, inBinary: usesBinary(for: batch))
    }

    private mutating func nextSorting(after loaded: LoadedBatch, inBinary: Bool) -> Sorting {
        let hasRejects = loaded.rejects.total > loaded.rejects.malformed
        guard loaded.rows.wasSorted, hasRejects else {
            return loaded.rows.suspects > 0 ? .foreseeing : .whenRefused
        }
        sortedBatchesLeft = sorting == .atOnce ? sortedBatchesLeft - 1 : Self.sortedBatches
        return inBinary && sortedBatchesLeft <= 0 ? .foreseeing : .atOnce
    }
}
