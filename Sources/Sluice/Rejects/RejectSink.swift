import SluiceCodec
import SluiceCore
import SluicePostgres

/// Takes a batch's rejects, those of the server and those of reading, and writes them in the
/// order of the source.
struct RejectSink: ~Copyable {
    private let batch: Batch
    private var part: RejectPart
    private var malformed: ArraySlice<MalformedRecord>
    private let writesMalformed: Bool
    /// Lines are counted on from the last reject.
    private var mark: (position: Int, line: Int)
    private(set) var count = 0
    /// How many of the batch's records, from the first one on, are rejects without a gap.
    private(set) var leading = 0
    /// The last one written.
    private(set) var last: Reject?

    /// - Parameter writesMalformed: else they are counted on the way only: they are written.
    init(_ batch: Batch, part: consuming RejectPart, writesMalformed: Bool = true) {
        self.batch = batch
        self.writesMalformed = writesMalformed
        self.part = part
        malformed = batch.malformed[...]
        // Of a line that is passed over the slot may hold the end only.
        mark = (max(0, batch.prelude), batch.firstHeldLine)
    }

    /// To be called in the records' order.
    mutating func add(_ refused: RefusedRecord) throws(Failure) {
        try addMalformed(upToRecord: refused.index)
        let range = batch.extent(ofRecord: refused.index)
        let start = line(at: range.lowerBound)
        let number = batch.firstRecord + refused.index + passedMalformed
        try write(
            Reject(
                location: SourceLocation(
                    file: batch.plan.name, line: start, record: number,
                    byteOffset: batch.sourceOffset(range.lowerBound), column: refused.column),
                endLine: lastLine(ofRecordAt: range), byteCount: range.count,
                kind: refused.kind, sqlState: refused.sqlState.code, message: refused.message,
                detail: refused.detail, constraint: refused.constraint),
            bytes: range)
    }

    /// Writes what is left, and makes sure that it is on disk.
    consuming func finish() throws(Failure) -> BatchRejects {
        try addMalformed(upToRecord: .max)
        let rejects = BatchRejects(
            total: count, malformed: batch.malformed.count, leading: leading, last: last)
        try part.seal()
        return rejects
    }

    /// Gives the part back, for another batch.
    consuming func release() -> RejectPart { part }

    // MARK: Malformed records

    private var passedMalformed: Int { batch.malformed.count - malformed.count }

    /// Those that stand before the record.
    private mutating func addMalformed(upToRecord index: Int) throws(Failure) {
        while let next = malformed.first, next.precedingRecords <= index {
            let number = batch.firstRecord + next.precedingRecords + passedMalformed
            malformed = malformed.dropFirst()
            if writesMalformed { try add(next, number: number) }
        }
    }

    private mutating func add(_ record: MalformedRecord, number: Int) throws(Failure) {
        let failure = Failure(
            record, width: batch.plan.layout.width, dialect: batch.plan.layout.dialect)
        let range = batch.slotOffset(record.start)..<batch.slotOffset(record.end)
        let reject = Reject(
            location: SourceLocation(
                file: batch.plan.name, line: record.line, record: number,
                byteOffset: record.start),
            endLine: record.isOmitted ? record.line : lastLine(of: record, range),
            byteCount: range.count, kind: .shape, sqlState: "22P04", message: failure.message,
            isOmitted: record.isOmitted)
        try write(reject, bytes: record.isOmitted ? nil : range)
    }

    // MARK: Lines

    private mutating func line(at position: Int) -> Int {
        mark.line += batch.bytes.lineCount(in: mark.position..<position, endedBy: batch.lineEnd)
        mark.position = position
        return mark.line
    }

    /// The line on which the record's last byte stands.
    private mutating func lastLine(ofRecordAt range: Range<Int>) -> Int {
        line(at: range.lowerBound)
            + batch.bytes.lineCount(
                in: range.lowerBound..<batch.contentEnd(of: range), endedBy: batch.lineEnd)
    }

    private func lastLine(of record: MalformedRecord, _ range: Range<Int>) -> Int {
        record.line
            + batch.bytes.lineCount(
                in: range.lowerBound..<batch.contentEnd(of: range), endedBy: batch.lineEnd)
    }

    // MARK: Writing

    private mutating func write(_ reject: Reject, bytes: Range<Int>?) throws(Failure) {
        if reject.location.record == batch.firstRecord + leading { leading += 1 }
        count += 1
        last = reject
        let raw = bytes.map { UnsafeRawBufferPointer(rebasing: batch.bytes[$0]) }
        try part.append(reject, bytes: raw, lineEnd: batch.lineEnd)
    }
}

/// How many of a batch's records are rejects.
struct BatchRejects: Sendable {
    var total = 0
    var malformed = 0
    /// From its first record on, without a gap.
    var leading = 0
    var last: Reject?
}

extension Batch {
    /// Where a byte of the source stands in the slot.
    func slotOffset(_ sourceOffset: Int) -> Int { sourceOffset - range.lowerBound + prelude }

    func sourceOffset(_ slotOffset: Int) -> Int { range.lowerBound + slotOffset - prelude }

    /// The record in the slot, with its line end.
    func extent(ofRecord index: Int) -> Range<Int> {
        let record = records[index]
        let end = slotOffset(range.upperBound)
        var position = Int(record.end)
        // CR CR LF is one line end.
        while position < min(end, Int(record.end) + 2), bytes[position] == UInt8(ascii: "\r") {
            position += 1
            if lineEnd == .carriageReturn, position < end, bytes[position] != UInt8(ascii: "\n") {
                return Int(record.start)..<position
            }
        }
        if position < end, bytes[position] == UInt8(ascii: "\n") { position += 1 }
        return Int(record.start)..<position
    }

    /// Where the bytes of a record end, its line end not included.
    func contentEnd(of extent: Range<Int>) -> Int {
        var end = extent.upperBound
        while end > extent.lowerBound,
            bytes[end - 1] == UInt8(ascii: "\n") || bytes[end - 1] == UInt8(ascii: "\r")
        {
            end -= 1
        }
        return end
    }
}
