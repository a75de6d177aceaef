/// Writes one record at a time, as a tuple of COPY's binary format.
struct BinaryRecordWriter {
    private let columns: UnsafeBufferPointer<BinaryColumn>
    let labels: EnumerationLabels
    private let spans: UnsafeMutablePointer<FieldSpan>
    private let null: [UInt8]
    private let splitter: FieldSplitter
    private let decoder: FieldDecoder
    let powers = PowersOfFive.shared

    /// - Parameter spans: room for as many as a record has fields.
    init(
        layout: RecordLayout, columns: UnsafeBufferPointer<BinaryColumn>,
        labels: EnumerationLabels, spans: UnsafeMutablePointer<FieldSpan>
    ) {
        self.columns = columns
        self.labels = labels
        self.spans = spans
        null = layout.dialect.null
        splitter = FieldSplitter(dialect: layout.dialect)
        decoder = FieldDecoder(dialect: layout.dialect)
    }

    /// Writes a record, and answers how many bytes; nil: not sure.
    ///
    /// - Parameter output: up to `FieldText.slack` bytes more are written than answered.
    @inline(__always)
    func write(
        _ record: RecordBounds, of input: FieldText, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        guard Int(record.end) + FieldText.slack <= input.count else {
            return writeCopy(of: input.part(record), to: output)
        }
        return write(record, input.start, readable: input.count, to: output)
    }

    /// Copies a record first, which is so near the end of what may be read.
    @inline(never)
    private func writeCopy(
        of record: FieldText, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        let capacity = record.count + FieldText.slack
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { copy in
            copy.initialize(repeating: 0)
            let start = copy.baseAddress!
            start.update(from: record.start, count: record.count)
            let bounds = RecordBounds(0, record.count)
            return write(bounds, start, readable: capacity, to: output)
        }
    }

    /// - Parameter readable: how many of `bytes` may be read, at least `FieldText.slack` behind it.
    @inline(__always)
    private func write(
        _ record: RecordBounds, _ bytes: UnsafePointer<UInt8>, readable: Int,
        to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var isUsual = false
        _ = splitter.split(bytes, readable: readable, record, into: spans, isUsual: &isUsual)
        guard isUsual || TextCheck.isText(FieldText(bytes, count: readable).part(record)) else {
            return nil
        }
        output.store(Int16(truncatingIfNeeded: columns.count))
        var position = 2
        // Read where it lies: of a column's properties most values need but few.
        guard var column = columns.baseAddress else { return position }
        let end = column + columns.count
        while column < end {
            let span = spans[Int(column.pointee.field)]
            let field = output + position
            if isNull(span, column, bytes) {
                if column.pointee.refusesNull { return nil }
                field.store(Int32(-1))
                position &+= 4
            } else {
                guard let count = writeField(span, column, bytes, to: field + 4) else {
                    return nil
                }
                field.store(Int32(truncatingIfNeeded: count))
                position &+= 4 &+ count
            }
            column += 1
        }
        return position
    }

    // MARK: Fields

    @inline(__always)
    private func isNull(
        _ span: FieldSpan, _ column: UnsafePointer<BinaryColumn>, _ bytes: UnsafePointer<UInt8>
    ) -> Bool {
        if span.form == .plain {
            let length = Int32(bitPattern: span.end &- span.start)
            guard length == column.pointee.nullLength else { return false }
            return length == 0 || isNullText(span, bytes)
        }
        return column.pointee.forcesNull && isNullText(span, bytes)
    }

    @inline(never)
    private func isNullText(_ span: FieldSpan, _ bytes: UnsafePointer<UInt8>) -> Bool {
        decoder.value(of: span, in: bytes, equals: null)
    }

    @inline(__always)
    private func writeField(
        _ span: FieldSpan, _ column: UnsafePointer<BinaryColumn>, _ bytes: UnsafePointer<UInt8>,
        to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        switch span.form {
        case .plain, .quoted:
            let text = FieldText(bytes + Int(span.start), count: Int(span.end &- span.start))
            return writeValue(text, column, to: output)
        case .escaped, .toggled:
            return writeDecoded(span, column, bytes, to: output)
        }
    }

    /// Takes the quoting out of text in its place, and out of other values aside.
    @inline(never)
    private func writeDecoded(
        _ span: FieldSpan, _ column: UnsafePointer<BinaryColumn>, _ bytes: UnsafePointer<UInt8>,
        to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        if column.pointee.isText {
            let start = column.pointee.kind == .jsonb ? output + 1 : output
            let text = FieldText(start, count: decode(span, bytes, into: start))
            return writeValue(text, column, to: output)
        }
        let capacity = 1_024
        guard Int(span.end - span.start) + FieldText.slack <= capacity else { return nil }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { copy in
            copy.initialize(repeating: 0)
            let start = copy.baseAddress!
            let text = FieldText(start, count: decode(span, bytes, into: start))
            return writeValue(text, column, to: output)
        }
    }

    /// Reads and writes up to 64 bytes more than it means to.
    private func decode(
        _ span: FieldSpan, _ bytes: UnsafePointer<UInt8>, into output: UnsafeMutablePointer<UInt8>
    ) -> Int {
        span.form == .escaped && decoder.onlyDoubles
            ? decodeDoubled(span, bytes, into: output) : decodeAny(span, bytes, into: output)
    }

    /// Every quote in the field is followed by its double.
    private func decodeDoubled(
        _ span: FieldSpan, _ bytes: UnsafePointer<UInt8>, into output: UnsafeMutablePointer<UInt8>
    ) -> Int {
        let end = Int(span.end)
        var (position, count) = (Int(span.start), 0)
        while position < end {
            (output + count).update(from: bytes + position, count: 64)
            let run = decoder.ordinaryRun(in: bytes + position)
            let left = end &- position
            guard run < left else { return count &+ left }
            // The first of the two quotes has been copied too.
            position &+= run &+ (run < 64 ? 2 : 0)
            count &+= run &+ (run < 64 ? 1 : 0)
        }
        return count
    }

    private func decodeAny(
        _ span: FieldSpan, _ bytes: UnsafePointer<UInt8>, into output: UnsafeMutablePointer<UInt8>
    ) -> Int {
        let end = Int(span.end)
        var (position, count, isQuoted) = (Int(span.start), 0, false)
        while position < end {
            (output + count).update(from: bytes + position, count: 64)
            let run = min(decoder.ordinaryRun(in: bytes + position), end - position)
            position += run
            count += run
            guard run < 64, position < end else { continue }
            let byte = decoder.decode(bytes, at: &position, of: span, isQuoted: &isQuoted)
            guard let byte else { continue }
            output[count] = byte
            count += 1
        }
        return count
    }
}
