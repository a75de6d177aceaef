import SluiceCodec
import SluiceCore
import SluiceTestSupport
import Synchronization
import Testing

@testable import Sluice

@Suite(.timeLimit(.minutes(1)))
struct RingTests {
    private let plain: CSVOptions = {
        var csv = CSVOptions()
        csv.hasHeader = false
        return csv
    }()

    /// Delivers one chunk at a time, and counts them.
    private final class CountedSource: AsyncSequence, AsyncIteratorProtocol, Sendable {
        private let count = Mutex(0)
        private let limit: Int
        private let chunk: [UInt8]

        init(limit: Int, chunk: String) {
            self.limit = limit
            self.chunk = Array(chunk.utf8)
        }

        var delivered: Int { count.withLock { $0 } }

        func makeAsyncIterator() -> CountedSource { self }

        func next() async -> [UInt8]? {
            count.withLock { count in
                guard count < limit else { return nil }
                count += 1
                return chunk
            }
        }
    }

    private func reader(
        _ source: ImportSource, _ ring: Ring, _ totals: Totals, _ thread: OwnThread
    ) -> SourceReader {
        SourceReader(
            inputs: source.inputs,
            mapping: ColumnMapping(
                target: .of(["a"]), options: ColumnOptions(), csv: plain),
            ring: ring, totals: totals, thread: thread, batchLength: BatchLength(.kibibytes(1)),
            usesBinaryLane: false, recovers: false, rejects: nil,
            done: source.inputs.map { _ in [] }, isFinished: false, verifiesSource: false,
            logger: .silent,
            beforeFirstBatch: { _ in })
    }

    @Test func `the reader waits while no slot is vacant, and goes on with the next`() async throws
    {
        let source = CountedSource(
            limit: 1_000, chunk: String(repeating: "0123456789abcde\n", count: 16))
        let ring = try Ring.of(4, batchBytes: .kibibytes(1))
        let totals = Totals(inputs: [("s", nil)])
        let thread = try OwnThread(name: "source")
        let reader = reader(.bytes(source, name: "s"), ring, totals, thread)
        try await withThrowingTaskGroup { group in
            group.addTask(executorPreference: thread) { try await reader.run() }
            // Four slots of 1 KiB: three batches out, and the fourth slot full.
            #expect(await becomesTrue { source.delivered >= 16 })
            try await Task.sleep(for: .milliseconds(100))
            #expect(source.delivered == 16, "it reads no more than it has slots for")
            #expect(totals.snapshot().counts.recordsRead == 3 * 64)

            var batches = ring.loaded.makeAsyncIterator()
            for step in 1...5 {
                let batch = try #require(await batches.next())
                let start = ContinuousClock.now
                ring.recycle(batch.slot, holdsLongPermit: batch.holdsLongPermit)
                #expect(await becomesTrue { source.delivered >= 16 + 4 * step })
                #expect(ContinuousClock.now - start < .milliseconds(500))
                try await Task.sleep(for: .milliseconds(20))
                #expect(source.delivered == 16 + 4 * step, "a slot vacant, a batch read")
            }
            while let batch = await batches.next() {
                ring.recycle(batch.slot, holdsLongPermit: batch.holdsLongPermit)
            }
            try await group.waitForAll()
        }
        #expect(totals.snapshot().counts.recordsRead == 16_000)
        await thread.stop()
    }

    @Test func `a cancellation ends the wait for a slot`() async throws {
        let source = CountedSource(
            limit: 1_000, chunk: String(repeating: "0123456789abcde\n", count: 16))
        let ring = try Ring.of(3, batchBytes: .kibibytes(1))
        let totals = Totals(inputs: [("s", nil)])
        let thread = try OwnThread(name: "source")
        let reader = reader(.bytes(source, name: "s"), ring, totals, thread)
        let time = await withTaskGroup(of: (any Error)?.self) { group in
            group.addTask(executorPreference: thread) {
                do {
                    try await reader.run()
                    return nil
                } catch {
                    return error
                }
            }
            #expect(await becomesTrue { source.delivered >= 12 })
            let start = ContinuousClock.now
            group.cancelAll()
            #expect(await group.next() is CancellationError?)
            return ContinuousClock.now - start
        }
        #expect(time < .milliseconds(500))
        #expect(totals.snapshot().counts.addUp)
        await thread.stop()
    }

    @Test func `a batch for cancelled workers is refused`() async throws {
        let ring = try Ring.of(3, batchBytes: .kibibytes(1))
        let batch = try await Batch.any(ring)
        try ring.load(batch)
        var batches = ring.loaded.makeAsyncIterator()
        _ = await batches.next()
        await withTaskGroup { group in
            group.addTask { for await _ in ring.loaded {} }
            group.addTask { for await _ in ring.loaded {} }
            try? await Task.sleep(for: .milliseconds(20))
            group.cancelAll()
        }
        #expect(throws: CancellationError.self) { try ring.load(batch) }
        // A worker that is late may still give back its slot.
        ring.recycle(batch.slot, holdsLongPermit: true)
    }

    @Test func `more batches than slots trap`() async {
        await #expect(processExitsWith: .failure) {
            let ring = try Ring.of(3, batchBytes: .kibibytes(1))
            let batch = try await Batch.any(ring)
            for _ in 0..<4 { try ring.load(batch) }
        }
    }

    @Test func `more slots than made trap`() async {
        await #expect(processExitsWith: .failure) {
            let ring = try Ring.of(3, batchBytes: .kibibytes(1))
            ring.vacate(try Slot(batchBytes: .kibibytes(1), maxRecordBytes: .kibibytes(1)))
        }
    }

    @Test func `one batch longer than usual is in flight, and the next waits for it`() async throws
    {
        let ring = try Ring.of(3, batchBytes: .kibibytes(1))
        try await ring.awaitLongPermit()
        let second = Flag()
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await ring.awaitLongPermit()
                second.raise()
            }
            try await Task.sleep(for: .milliseconds(50))
            #expect(!second.isRaised)
            let batch = try await Batch.any(ring)
            ring.recycle(batch.slot, holdsLongPermit: true)
            try await group.waitForAll()
        }
    }

    /// The permit, when several batches in a row are long.
    @Test(arguments: [1, 3, 64, 300])
    func `long records come through, however small the batches are`(kibibytes: Int) async throws {
        let lengths = [5_000, 300_000, 10, 300_000, 299_000, 1, 700_000, 70_000, 2, 2, 400_000]
        let text = lengths.map { String(repeating: "x", count: $0) + "\n" }.joined()
        var csv = plain
        csv.dialect.maxRecordBytes = .mebibytes(1)
        let run = try await ReaderRun(
            text, chunk: 100_000, columns: ["a"], csv: csv,
            batchBytes: .kibibytes(kibibytes))
        #expect(run.failure == nil)
        #expect(run.records.map(\.count) == lengths)
    }
}

extension Batch {
    /// Some batch, in a slot of the ring.
    static func any(_ ring: Ring) async throws -> Batch {
        var slots = ring.vacant.makeAsyncIterator()
        let slot = try #require(await slots.next())
        return try Batch(slot, file: 0, range: 0..<10, records: 1, firstLine: 1, lineCount: 1)
    }

    init(
        _ slot: Slot, file: Int, range: Range<Int>, records: Int, firstLine: Int, lineCount: Int,
        linesPassed: Int = 0, firstRecord: Int = 1
    ) throws {
        self.init(
            slot: slot, file: file,
            plan: try FilePlan(
                name: "s", target: .of(["a"]), fields: [0], csv: CSVOptions(),
                usesBinaryLane: false),
            range: range, prelude: 0, firstRecord: firstRecord, firstLine: firstLine,
            firstHeldLine: firstLine, lineCount: lineCount,
            lastLine: firstLine + lineCount - 1,
            lineEnd: .lineFeed, recordCount: records, malformed: [], holdsLongPermit: false,
            linesPassed: linesPassed,
            recovered: 0)
    }
}
