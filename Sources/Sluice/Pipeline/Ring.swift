/// The bounded queue: slots that travel between the reader and the workers.
///
/// The bound is the number of slots. The reader awaits a vacant one, and that is the
/// backpressure; a stream that drops would have more batches than there are slots.
struct Ring: Sendable {
    /// From the workers to the reader.
    let vacant: AsyncStream<Slot>
    /// From the reader to the workers; several may drain it.
    let loaded: AsyncStream<Batch>

    private let vacantSlots: AsyncStream<Slot>.Continuation
    private let loadedBatches: AsyncStream<Batch>.Continuation

    init(slots: [Slot]) {
        (vacant, vacantSlots) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(slots.count))
        (loaded, loadedBatches) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(slots.count))
        for slot in slots { vacate(slot) }
    }

    /// Hands a slot back to the reader.
    func vacate(_ slot: Slot) {
        if case .dropped = vacantSlots.yield(slot) { preconditionFailure("more slots than made") }
    }

    /// Hands a batch to the workers.
    ///
    /// - Throws: `CancellationError` when they have been cancelled.
    func load(_ batch: Batch) throws(CancellationError) {
        switch loadedBatches.yield(batch) {
        case .enqueued: return
        case .terminated: throw CancellationError()
        case .dropped: preconditionFailure("more batches than slots")
        @unknown default: preconditionFailure("a yield that is neither taken nor dropped")
        }
    }

    /// No more batches will come: the workers end.
    func finish() {
        loadedBatches.finish()
    }
}
