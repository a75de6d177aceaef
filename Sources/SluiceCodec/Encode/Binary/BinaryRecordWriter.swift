/// Writes one record at a time, as a tuple of COPY's binary format.
struct BinaryRecordWriter {
    private let columns: UnsafeBufferPointer<BinaryColumn>
    let labels: EnumerationLabels
    private let spans: UnsafeMutablePointer<FieldSpan>
    private let null: [UInt8]
    /// Whether each field has a column.
    private let keepsAllFields: Bool
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
        keepsAllFields = columns.count == layout.width
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
        if keepsAllFields, let count = writePlain(record, bytes, readable: readable, to: output) {
            return count < 0 ? nil : count
        }
        return writeSplit(record, bytes, readable: readable, to: output)
    }

    /// Writes each field as soon as it is found, where none has quotes.
    ///
    /// - Returns: below 0: not sure; nil: there are quotes, and what was written is void.
    @inline(__always)
    private func writePlain(
        _ record: RecordBounds, _ bytes: UnsafePointer<UInt8>, readable: Int,
        to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        guard var block = splitter.plainBlock(bytes, at: Int(record.start), of: record),
            var column = columns.baseAddress
        else { return nil }
        let last = column + columns.count
        output.store(Int16(truncatingIfNeeded: columns.count))
        var (position, fieldStart, hasUnusual) = (2, Int(record.start), block.hasUnusual)
        while column < last {
            while block.separators == 0 {
                let next = splitter.plainBlock(bytes, at: block.start + Block.length, of: record)
                guard let next else { return nil }
                block = next
                hasUnusual = hasUnusual || next.hasUnusual
            }
            let fieldEnd = block.takeSeparator()
            let span = FieldSpan(fieldStart, fieldEnd, .plain)
            guard let count = write(span, column, bytes, to: output + position) else { return -1 }
            position &+= count
            fieldStart = fieldEnd &+ 1
            column += 1
        }
        return !hasUnusual || isText(record, bytes, readable: readable) ? position : -1
    }

    /// Finds all fields first.
    @inline(__always)
    private func writeSplit(
        _ record: RecordBounds, _ bytes: UnsafePointer<UInt8>, readable: Int,
        to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var isUsual = false
        _ = splitter.split(bytes, readable: readable, record, into: spans, isUsual: &isUsual)
        guard isUsual || isText(record, bytes, readable: readable) else { return nil }
        output.store(Int16(truncatingIfNeeded: columns.count))
        var position = 2
        guard var column = columns.baseAddress else { return position }
        let last = column + columns.count
        while column < last {
            let span = spans[Int(column.pointee.field)]
            guard let count = write(span, column, bytes, to: output + position) else { return nil }
            position &+= count
            column += 1
        }
        return position
    }

    @inline(__always)
    private func isText(
        _ record: RecordBounds, _ bytes: UnsafePointer<UInt8>, readable: Int
    ) -> Bool {
        TextCheck.isText(FieldText(bytes, count: readable).part(record))
    }

    // MARK: Fields

    /// Writes a field with its length, and answers how many bytes; nil: not sure.
    ///
    /// - Parameter column: read where it lies: of its properties most values need but few.
    @inline(__always)
    private func write(
        _ span: FieldSpan, _ column: UnsafePointer<BinaryColumn>, _ bytes: UnsafePointer<UInt8>,
        to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        guard !isNull(span, column, bytes) else {
            output.store(Int32(-1))
            return column.pointee.refusesNull ? nil : 4
        }
        guard let count = writeField(span, column, bytes, to: output + 4) else { return nil }
        output.store(Int32(truncatingIfNeeded: count))
        return 4 &+ count
    }

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
        var (position, target) = (Int(span.start), output)
        while position < end {
            var quotes = decoder.specials(in: bytes + position)
            let left = end &- position
            if left < 64 { quotes &= (1 &<< UInt64(left)) &- 1 }
            var from = 0
            while quotes != 0 {
                // The first of two quotes is copied, the second, perhaps beyond the 64, passed over.
                let run = quotes.trailingZeroBitCount &+ 1 &- from
                target.copy(FieldText(bytes + position + from, count: run))
                target += run
                from &+= run &+ 1
                quotes &= quotes &- 1
                quotes &= quotes &- 1
            }
            let rest = min(left, 64) &- from
            if rest > 0 {
                target.copy(FieldText(bytes + position + from, count: rest))
                target += rest
            }
            position &+= max(64, from)
        }
        return target - output
    }

    private func decodeAny(
        _ span: FieldSpan, _ bytes: UnsafePointer<UInt8>, into output: UnsafeMutablePointer<UInt8>
    ) -> Int {
        let end = Int(span.end)
        var (position, count, isQuoted) = (Int(span.start), 0, false)
        while position < end {
            (output + count).update(from: bytes + position, count: 64)
            let specials = decoder.specials(in: bytes + position)
            let run = min(specials.trailingZeroBitCount, end - position)
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
