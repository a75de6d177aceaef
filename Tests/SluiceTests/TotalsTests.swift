import SluiceCore
import SluiceTestSupport
import Testing

@testable import Sluice

@Suite struct TotalsTests {
    /// Batches of 10 records on 10 lines of 100 bytes, which follow each other.
    private func batches(_ count: Int, file: Int = 0) throws -> [Batch] {
        let slot = try Slot(batchBytes: .kibibytes(1), maxRecordBytes: .kibibytes(1))
        return try (0..<count).map { index in
            try Batch(
                slot, file: file, range: index * 100..<(index + 1) * 100, records: 10,
                firstLine: index * 10 + 1, lineCount: 10, linesPassed: 3)
        }
    }

    private func range(_ batches: ClosedRange<Int>) -> CommittedRange {
        CommittedRange(
            file: "s", firstLine: batches.lowerBound * 10 + 1,
            lastLine: batches.upperBound * 10 + 10, firstByte: batches.lowerBound * 100,
            endByte: (batches.upperBound + 1) * 100)
    }

    @Test func `commits in any order merge into what is committed`() throws {
        let count = 7
        let batches = try batches(count)
        var random = SeededRandom(seed: TestSettings.seed)
        for _ in 0..<2_000 {
            let order = batches.indices.shuffled(using: &random)
            let kept = order.prefix(random.number(in: 0...count))
            let totals = Totals(inputs: [("s", 700)])
            for batch in batches { totals.read(batch) }
            for index in kept {
                totals.committed(CommittedBatches(batches[index]), LoadedRows(inText: 10))
            }
            // Neighbours are one range.
            let expected = kept.sorted().reduce(into: [ClosedRange<Int>]()) { ranges, index in
                if let last = ranges.last, last.upperBound == index - 1 {
                    ranges[ranges.count - 1] = last.lowerBound...index
                } else {
                    ranges.append(index...index)
                }
            }
            let state = totals.snapshot()
            #expect(state.files[0].committed == expected.map(range), "\(order), \(kept.count)")
            #expect(state.counts.addUp)
            #expect(state.counts.recordsUnloaded == 10 * (count - kept.count))
            #expect(state.bytesLoaded == 100 * kept.count)
            #expect(state.counts.batches == kept.count)
        }
    }

    @Test func `rows that the server did not store are skipped, not lost`() throws {
        let totals = Totals(inputs: [("s", 100)])
        let batch = try batches(1)[0]
        totals.read(batch)
        #expect(totals.snapshot().counts.recordsUnloaded == 10)
        totals.committed(CommittedBatches(batch), LoadedRows(inBinary: 4, inText: 3))
        let counts = totals.snapshot().counts
        #expect(counts.rowsLoaded == 7 && counts.rowsSkipped == 3 && counts.recordsUnloaded == 0)
        #expect(counts.rowsInBinary == 4 && counts.rowsInText == 3 && counts.linesPassed == 3)
        #expect(counts.addUp)
    }

    @Test func `counts of files add up to those of the import`() async throws {
        let totals = Totals(inputs: [("s", 400), ("s", 400), ("s", 400)])
        let all = try (0..<3).map { try batches(4, file: $0) }
        await withTaskGroup { group in
            for batches in all {
                group.addTask {
                    for batch in batches {
                        totals.read(batch)
                        totals.committed(CommittedBatches(batch), LoadedRows(inText: 9))
                    }
                }
            }
        }
        let state = totals.snapshot()
        #expect(state.files.allSatisfy { $0.counts.recordsRead == 40 && $0.counts.addUp })
        #expect(state.files.allSatisfy { $0.committed == [range(0...3)] })
        #expect(state.counts.recordsRead == 120 && state.counts.rowsSkipped == 12)
        #expect(state.bytesTotal == 1_200 && state.bytesLoaded == 1_200)
    }

    @Test func `a total of bytes is known only if it is for all inputs`() {
        #expect(Totals(inputs: []).snapshot().bytesTotal == 0)
        #expect(Totals(inputs: [("a", 1), ("b", nil)]).snapshot().bytesTotal == nil)
    }

    @Test func `a malformed record that ends the import counts, with those before it`() {
        let totals = Totals(inputs: [("s", 1)])
        totals.stopped(atMalformedIn: 0, precedingRecords: 4, linesPassed: 2)
        let counts = totals.snapshot().counts
        #expect(counts.recordsRead == 5 && counts.recordsUnloaded == 5)
        #expect(counts.recordsMalformed == 1 && counts.linesPassed == 2 && counts.addUp)
    }

    @Test func `of several causes the earliest in the input counts, or one without a place`()
        async
    {
        func failure(_ message: String, _ order: Failure.Order?) -> Failure {
            var failure = Failure(.data, message)
            failure.order = order
            return failure
        }
        let causes = Causes()
        #expect(causes.earliest == nil)
        func record(_ error: any Error) async {
            try? await causes.recording { throw error }
        }
        await record(CancellationError())
        #expect(causes.earliest == nil)
        await record(failure("late", .init(file: 1, byte: 0)))
        await record(failure("early", .init(file: 0, byte: 900)))
        await record(failure("middle", .init(file: 0, byte: 1_000)))
        #expect(causes.earliest?.message == "early")
        await record(failure("server", nil))
        #expect(causes.earliest?.message == "server")
    }
}
