/// The bounded queue: slots that travel between the reader and the workers.
///
/// The bound is the number of slots. The reader awaits a vacant one, and that is the
/// backpressure; a stream that drops would have more batches than there are slots.
struct Ring: Sendable {
    /// From the workers to the reader.
    let vacant: AsyncStream<Slot>
    /// From the reader to the workers; several may drain it.
    let loaded: AsyncStream<Batch>

    /// Held by whoever has the one batch that is longer than usual.
    private let longPermit: AsyncStream<Void>

    private let longPermits: AsyncStream<Void>.Continuation
    private let vacantSlots: AsyncStream<Slot>.Continuation
    private let loadedBatches: AsyncStream<Batch>.Continuation

    init(slots: [Slot]) {
        (vacant, vacantSlots) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(slots.count))
        (loaded, loadedBatches) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(slots.count))
        (longPermit, longPermits) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        longPermits.yield()
        for slot in slots { vacate(slot) }
    }

    /// Hands a slot back to the reader.
    func vacate(_ slot: Slot) {
        if case .dropped = vacantSlots.yield(slot) { preconditionFailure("more slots than made") }
    }

    /// Hands back a slot that is done with, and the memory that an unusual length needed.
    func recycle(_ slot: Slot, holdsLongPermit: Bool) {
        slot.trim(from: 0)
        if holdsLongPermit { longPermits.yield() }
        vacate(slot)
    }

    /// Waits until no other batch is longer than usual: memory is for one of them.
    ///
    /// - Throws: `CancellationError`.
    func awaitLongPermit() async throws(CancellationError) {
        for await _ in longPermit { return }
        throw CancellationError()
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
