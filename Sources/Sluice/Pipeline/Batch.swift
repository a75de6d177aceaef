import SluiceCodec
import SluiceCore

/// A run of whole records of one file: what one transaction loads.
///
/// The bytes stay as they came, so that it can be encoded any number of times.
struct Batch: Sendable {
    let slot: Slot
    /// Where the file stands in the import.
    let file: Int
    let plan: FilePlan
    /// In the source, without gaps to its neighbours: blank and comment lines belong to it.
    let range: Range<Int>
    /// How many bytes before the range the slot holds too; negative: so many of the range, of
    /// a line that is passed over, it does not hold.
    let prelude: Int
    /// Of its first record, from 1.
    let firstRecord: Int
    /// Of its first byte, from 1.
    let firstLine: Int
    /// Of the first byte of the range that is held.
    let firstHeldLine: Int
    let lineCount: Int
    /// Of its last byte: the input's last line may have no end.
    let lastLine: Int
    let lineEnd: LineEnd
    let recordCount: Int
    let malformed: [MalformedRecord]
    /// It is longer than usual, and there is no other one.
    let holdsLongPermit: Bool
    /// Blank, comment and skipped lines.
    let linesPassed: Int
    /// Records that recovery delivered from behind a stray quote.
    let recovered: Int

    var records: UnsafeBufferPointer<RecordBounds> {
        UnsafeBufferPointer(rebasing: slot.bounds[..<recordCount])
    }

    /// What the records' bounds count from.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(slot.bytes) }

    /// Of the range's bytes.
    var digest: Digest128 {
        guard prelude >= 0 else { return .unknown }
        return Digest128(
            of: UnsafeRawBufferPointer(rebasing: bytes[prelude..<prelude + range.count]))
    }

    var order: Failure.Order { Failure.Order(file: file, byte: range.lowerBound) }
}

// MARK: Places in it, for messages

extension Batch {
    /// Where the record at `index` of `records` stands in the file.
    func location(ofRecord index: Int) -> SourceLocation {
        let start = Int(records[index].start)
        return SourceLocation(
            file: plan.name, line: firstHeldLine + lineEnds(before: start),
            record: number(ofRecord: index), byteOffset: range.lowerBound + start - prelude)
    }

    /// Where the batch begins.
    var location: SourceLocation {
        SourceLocation(
            file: plan.name, line: firstLine, record: firstRecord, byteOffset: range.lowerBound)
    }

    /// What is wrong with one of its malformed records.
    func failure(of record: MalformedRecord) -> Failure {
        var failure = Failure(record, width: plan.layout.width, dialect: plan.layout.dialect)
        failure.location = SourceLocation(
            file: plan.name, line: record.faultLine,
            record: firstRecord + record.precedingRecords
                + malformed.count { $0.start < record.start },
            byteOffset: record.faultOffset)
        failure.order = Failure.Order(file: file, byte: record.start)
        if !record.isOmitted {
            let start = record.start - range.lowerBound + prelude
            failure.record = Self.firstLine(of: bytes[start...])
        }
        return failure
    }

    /// As text, cut at 200 bytes.
    static func firstLine(of bytes: UnsafeRawBufferPointer.SubSequence) -> String {
        let line = bytes.prefix(201).prefix { $0 != UInt8(ascii: "\n") }
        return excerpt(UnsafeRawBufferPointer(rebasing: line))
    }

    /// The record's bytes as text, cut at 200 bytes.
    func excerpt(ofRecord index: Int) -> String {
        let record = records[index]
        return Batch.excerpt(
            UnsafeRawBufferPointer(rebasing: bytes[Int(record.start)..<Int(record.end)]))
    }

    static func excerpt(_ bytes: UnsafeRawBufferPointer) -> String {
        let isLonger = bytes.count > 200
        let text = String(decoding: bytes.prefix(200), as: UTF8.self)
        return isLonger ? text + "…" : text
    }

    /// Malformed records have numbers too.
    private func number(ofRecord index: Int) -> Int {
        firstRecord + index + malformed.count { $0.precedingRecords <= index }
    }

    private func lineEnds(before position: Int) -> Int {
        bytes.lineCount(in: max(0, prelude)..<position, endedBy: lineEnd)
    }
}
