import SluiceCodec
import SluiceCore
import Testing

@testable import Sluice

/// How many rejects are too many, whichever way the batches come.
@Suite struct RejectLimitsTests {
    private let slot = try! Slot(batchBytes: .kibibytes(1), maxRecordBytes: .kibibytes(1))

    private func limits(
        limit: Int? = nil, ratio: Double? = nil, records: Int = 0, rejects: Int = 0
    ) -> RejectLimits {
        var options = ErrorOptions()
        options.rejectLimit = limit
        options.rejectRatio = ratio
        return RejectLimits(options, dialect: Dialect(), records: records, rejects: rejects)
    }

    private func batch(_ records: Int, from first: Int = 1, file: Int = 0) throws -> Batch {
        try Batch(
            slot, file: file, range: first..<first + records, records: records, firstLine: first,
            lineCount: records, firstRecord: first)
    }

    /// - Parameter leading: how many rejects stand at the batch's start; nil: all of them.
    private func rejects(_ total: Int, leading: Int? = nil) -> BatchRejects {
        BatchRejects(total: total, leading: leading ?? total)
    }

    @Test func `as many rejects as the limit says, and not one more`() throws {
        let limits = limits(limit: 5)
        try limits.add(rejects(5), of: batch(10))
        try limits.add(rejects(0), of: batch(10, from: 11))
        #expect(throws: Failure.self) { try limits.add(rejects(1), of: batch(10, from: 21)) }
        // What was too much was not counted, nor what was not committed after all.
        #expect(limits.room == 0)
        limits.remove(rejects(5), of: try batch(10))
        #expect(limits.room == 5)
    }

    @Test func `no reject at all is a limit too, and a run goes on counting`() throws {
        #expect(throws: Failure.self) { try limits(limit: 0).add(rejects(1), of: batch(1)) }
        let second = limits(limit: 5, records: 100, rejects: 5)
        try second.add(rejects(0), of: batch(10))
        #expect(throws: Failure.self) { try second.add(rejects(1), of: batch(10, from: 11)) }
    }

    @Test func `a share counts from a thousand records on, even by a clean batch`() throws {
        let limits = limits(ratio: 0.5)
        try limits.add(rejects(999), of: batch(999))
        #expect(throws: Failure.self) { try limits.add(rejects(0), of: batch(1, from: 1_000)) }
        try limits.add(rejects(0), of: batch(999, from: 1_000))
        #expect(throws: Failure.self) { try limits.add(rejects(2), of: batch(2, from: 1_999)) }
    }

    @Test func `a ratio of 1 allows all, and one of 0 nothing from a thousand on`() throws {
        try limits(ratio: 1).add(rejects(5_000), of: batch(5_000))
        try limits(ratio: 0).add(rejects(1), of: batch(999))
        #expect(throws: Failure.self) { try limits(ratio: 0).add(rejects(1), of: batch(1_000)) }
    }

    @Test(arguments: [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]])
    func `a thousand leading rejects end the import in any order of batches`(
        order: [Int]
    ) throws {
        let limits = limits()
        for index in order.dropLast() {
            try limits.add(rejects(250), of: batch(250, from: index * 250 + 1))
        }
        let last = try batch(250, from: order[3] * 250 + 1)
        #expect(throws: Failure.self) { try limits.add(rejects(250), of: last) }
    }

    @Test func `one good record among the first thousand is enough`() throws {
        let limits = limits()
        try limits.add(rejects(600), of: batch(600, from: 501))
        try limits.add(rejects(499, leading: 499), of: batch(500))
        try limits.add(rejects(900), of: batch(900, from: 1_101))
        // Of another file they are not the first.
        try limits.add(rejects(2_000), of: batch(2_000, file: 1))
    }

    @Test func `who sets a limit has said what he wants`() throws {
        try limits(limit: 3_000).add(rejects(2_000), of: batch(2_000))
    }
}
