import FuzzSupport
import SluiceCodec
import SluiceCore

/// How an input is read, and where it is cut.
struct ScanShape {
    let dialect: Dialect
    let width: Int
    let hasHeader: Bool
    let recovers: Bool
    let skipLines: Int
    private(set) var indexCapacity: Int
    /// So many bytes come at a time, one length after the other.
    private(set) var chunks: [Int]

    init(_ choices: inout Choices) {
        dialect = choices.dialect()
        width = choices.number(below: 8) + 1
        hasHeader = choices.flag()
        recovers = choices.flag()
        skipLines = choices.number(below: 4)
        indexCapacity = choices.pick([1_000, 65, 64, 7, 1])
        chunks = [0, 0, 0, 0].map { _ in Int(choices.byte()) + 1 }
    }

    func uncut(length: Int) -> ScanShape {
        var shape = self
        (shape.chunks, shape.indexCapacity) = ([length + 1], length + 64)
        return shape
    }
}

/// What a scan finds, places counted from the input's first byte.
struct ScanFinding: Equatable {
    var records: [Range<Int>] = []
    var malformed: [MalformedRecord] = []
    var header: Range<Int>?
    var last: MalformedRecord?
    var linesPassed = 0
    var recovered = 0
    var lines = 0

    /// Without what depends on the cuts: what was held of a record, and what it stood behind.
    ///
    /// - Parameter hasLines: false where the first line end comes too late to count by it.
    func comparable(hasLines: Bool, _ shape: ScanShape) -> ScanFinding {
        var finding = self
        if !hasLines { finding.lines = 0 }
        finding.last?.forgetCuts(hasLines: hasLines, shape)
        for index in finding.malformed.indices {
            finding.malformed[index].forgetCuts(hasLines: hasLines, shape)
        }
        return finding
    }
}

extension MalformedRecord {
    fileprivate mutating func forgetCuts(hasLines: Bool, _ shape: ScanShape) {
        precedingRecords = 0
        if end - start <= shape.dialect.maxRecordBytes.bytes + 3 { isOmitted = false }
        if !hasLines { (line, faultLine) = (0, 0) }
    }
}

/// Scans as the pipeline does: what is consumed is dropped, and the rest comes again.
struct ScanRun {
    private(set) var found = ScanFinding()
    private var scanner: RecordScanner
    private let shape: ScanShape

    init(_ input: [UInt8], _ shape: ScanShape, _ engine: RecordScanner.Engine) {
        self.shape = shape
        scanner = RecordScanner(
            dialect: shape.dialect, width: shape.hasHeader ? nil : shape.width,
            hasHeader: shape.hasHeader, skipLines: shape.skipLines, recovers: shape.recovers,
            engine: engine)
        var (end, turn) = (0, 0)
        repeat {
            end = min(input.count, end + shape.chunks[turn % shape.chunks.count])
            turn += 1
        } while scan(input, to: end)
    }

    /// Scans all that is there; false at the end.
    private mutating func scan(_ input: [UInt8], to end: Int) -> Bool {
        while true {
            let held = ExactBuffer(input[scanner.origin..<end])
            switch scanOnce(held.readOnly, isFinal: end == input.count) {
            case .needsInput: return true
            case .finished: return false
            case .malformed(let record):
                found.last = record
                return false
            case .header, .indexFull: continue
            }
        }
    }

    private mutating func scanOnce(
        _ held: UnsafeRawBufferPointer, isFinal: Bool
    ) -> ScanProgress {
        withUnsafeTemporaryAllocation(of: RecordBounds.self, capacity: shape.indexCapacity) {
            var index = RecordIndex(bounds: $0)
            let progress = scanner.scan(held, isFinal: isFinal, into: &index)
            collect(index)
            if case .header(let bounds) = progress {
                found.header = place(bounds)
                scanner.width = shape.width
            }
            found.lines = scanner.lineAtConsumed(in: held)
            scanner.rebase(droppingFirst: scanner.consumed)
            return progress
        }
    }

    private mutating func collect(_ index: RecordIndex) {
        found.records += index.records.map(place)
        found.malformed += index.malformed
        found.linesPassed += index.linesPassed
        found.recovered += index.recovered
    }

    private func place(_ bounds: RecordBounds) -> Range<Int> {
        scanner.origin + Int(bounds.start)..<scanner.origin + Int(bounds.end)
    }
}
