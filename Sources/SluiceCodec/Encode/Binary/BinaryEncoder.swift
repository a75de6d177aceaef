/// Writes records in COPY's binary format, whole ones only.
///
/// A record with a value that the server might read in another way, or refuse, is left out and
/// told: it is for the text lane. The server's encoding must be UTF-8.
public struct BinaryEncoder {
    /// The signature, no flags and no extension.
    private static let header: [UInt8] =
        Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + Array(repeating: 0, count: 8)
    private static let trailer: Int16 = -1
    static let leastPiece = 64
    /// Of a prefix: its length, and an int8.
    private static let prefixLength = 12

    private let layout: RecordLayout
    private let columns: [BinaryColumn]
    private let labels: EnumerationLabels
    /// What records' places are counted from, where they are the first column; nil: they are none.
    private let offsetBase: Int?
    /// So many bytes a record may need for each of its own.
    private let bytesPerByte: Int
    /// What it may need beyond those.
    private let extraBytes: Int

    private var hasHeader = false
    private var next = 0

    /// - Parameters:
    ///   - types: one per field; nil for those that are dropped.
    ///   - offsetBase: where a record begins in its source, counted from here, becomes its first
    ///     column, an int8; nil: there is no such column.
    public init(layout: RecordLayout, types: [BinaryType?], offsetBase: Int? = nil) {
        precondition(layout.width == types.count)
        var labels = EnumerationLabels()
        var columns: [BinaryColumn] = []
        for (index, (type, encoding)) in zip(types, layout.fields).enumerated() {
            precondition((type == nil) == encoding.isDropped)
            guard let type else { continue }
            columns.append(BinaryColumn(type, field: index, of: layout, labels: &labels))
        }
        self.layout = layout
        self.columns = columns
        self.labels = labels
        self.offsetBase = offsetBase
        let prefixed = offsetBase == nil ? 0 : Self.prefixLength
        bytesPerByte = columns.map(\.bytesPerByte).max() ?? 1
        extraBytes = columns.reduce(2 + prefixed + FieldText.slack) { $0 + 4 + $1.extraBytes }
    }

    /// Begins anew, at the first of some records.
    public mutating func begin() {
        hasHeader = false
        next = 0
    }

    /// Writes on where the last call stopped, until `piece` is full or the records are done.
    ///
    /// - Parameters:
    ///   - bytes: what the records' bounds count from; the same at each call since `begin()`.
    ///   - piece: room for at least `leastPiece` bytes. A record that needs more goes in text.
    ///   - unsure: takes the indices of the records that were left out, in order.
    /// - Returns: the bytes written, and whether all records are.
    public mutating func encode(
        _ records: UnsafeBufferPointer<RecordBounds>, of bytes: UnsafeRawBufferPointer,
        into piece: UnsafeMutableRawBufferPointer, unsure: inout [UInt32]
    ) -> (written: Int, isFinished: Bool) {
        precondition(piece.count >= Self.leastPiece)
        let output = piece.assumingMemoryBound(to: UInt8.self).baseAddress!
        var written = 0
        if !hasHeader {
            hasHeader = true
            output.update(from: Self.header, count: Self.header.count)
            written = Self.header.count
        }
        if let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress {
            let input = FieldText(start, count: bytes.count)
            encode(
                records, of: input, into: output, room: piece.count, &written, unsure: &unsure)
        }
        guard next == records.count, piece.count - written >= 2 else { return (written, false) }
        (output + written).store(Self.trailer)
        return (written + 2, true)
    }

    private mutating func encode(
        _ records: UnsafeBufferPointer<RecordBounds>, of input: FieldText,
        into output: UnsafeMutablePointer<UInt8>, room: Int, _ written: inout Int,
        unsure: inout [UInt32]
    ) {
        var next = next
        let prefixed = offsetBase == nil ? 0 : Self.prefixLength
        columns.withUnsafeBufferPointer { columns in
            withUnsafeTemporaryAllocation(of: FieldSpan.self, capacity: layout.width) { spans in
                let writer = BinaryRecordWriter(
                    layout: layout, columns: columns, labels: labels, spans: spans.baseAddress!)
                while next < records.count {
                    let record = records[next]
                    let needed = Int(record.end - record.start) &* bytesPerByte + extraBytes
                    if needed <= room - written {
                        let tuple = output + written
                        if let count = writer.write(record, of: input, to: tuple + prefixed) {
                            written += prefixed + count
                            if let offsetBase {
                                storePrefix(offsetBase + Int(record.start), at: tuple)
                            }
                        } else {
                            unsure.append(UInt32(truncatingIfNeeded: next))
                        }
                    } else if written == 0 {
                        unsure.append(UInt32(truncatingIfNeeded: next))
                    } else {
                        break
                    }
                    next += 1
                }
            }
        }
        self.next = next
    }

    /// The record's count of fields stands behind the prefix, and is no longer needed there.
    private func storePrefix(_ offset: Int, at tuple: UnsafeMutablePointer<UInt8>) {
        tuple.store(Int16(truncatingIfNeeded: columns.count + 1))
        (tuple + 2).store(Int32(8))
        (tuple + 6).store(Int64(offset))
    }
}
