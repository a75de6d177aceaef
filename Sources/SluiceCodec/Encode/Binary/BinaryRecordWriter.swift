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
        output.store(Int16(truncatingIfNeeded: columns.count))
        guard let first = columns.baseAddress else { return isText(record, bytes) ? 2 : nil }
        let end = first + columns.count
        var tuple = Tuple(column: first, fieldStart: Int(record.start))
        if keepsAllFields {
            guard writePlain(record, bytes, upTo: end, to: output, &tuple) else { return nil }
            if tuple.column == end { return tuple.count }
        }
        let isWritten = writeSplit(record, bytes, readable: readable, upTo: end, to: output, &tuple)
        return isWritten ? tuple.count : nil
    }

    /// How far a tuple has been written.
    private struct Tuple {
        var column: UnsafePointer<BinaryColumn>
        var fieldStart: Int
        /// In bytes; the number of fields stands at the front.
        var count = 2

        /// False: the column refuses it.
        @inline(__always)
        mutating func writeNull(to field: UnsafeMutablePointer<UInt8>) -> Bool {
            if column.pointee.refusesNull { return false }
            field.store(Int32(-1))
            count &+= 4
            column += 1
            return true
        }

        /// Puts the length before a value.
        @inline(__always)
        mutating func finishField(of length: Int, at field: UnsafeMutablePointer<UInt8>) {
            field.store(Int32(truncatingIfNeeded: length))
            count &+= 4 &+ length
            column += 1
        }
    }

    /// Writes each field as soon as it is found, up to a block of 64 bytes that has quotes.
    ///
    /// - Returns: false: not sure.
    @inline(__always)
    private func writePlain(
        _ record: RecordBounds, _ bytes: UnsafePointer<UInt8>,
        upTo end: UnsafePointer<BinaryColumn>, to output: UnsafeMutablePointer<UInt8>,
        _ tuple: inout Tuple
    ) -> Bool {
        guard var block = splitter.plainBlock(bytes, at: Int(record.start), of: record) else {
            return true
        }
        var hasUnusual = block.hasUnusual
        fields: while tuple.column < end {
            while block.isEmpty {
                let next = splitter.plainBlock(bytes, at: block.end, of: record)
                guard let next else { break fields }
                block = next
                hasUnusual = hasUnusual || next.hasUnusual
            }
            let fieldEnd = block.takeSeparator()
            let text = FieldText(bytes + tuple.fieldStart, count: fieldEnd &- tuple.fieldStart)
            guard writePlain(text, to: output, &tuple) else { return false }
            tuple.fieldStart = fieldEnd &+ 1
        }
        let written = RecordBounds(Int(record.start), min(tuple.fieldStart, Int(record.end)))
        return !hasUnusual || isText(written, bytes)
    }

    /// Writes the fields that are left, finding all of them first.
    ///
    /// - Returns: false: not sure.
    @inline(__always)
    private func writeSplit(
        _ record: RecordBounds, _ bytes: UnsafePointer<UInt8>, readable: Int,
        upTo end: UnsafePointer<BinaryColumn>, to output: UnsafeMutablePointer<UInt8>,
        _ tuple: inout Tuple
    ) -> Bool {
        let rest = RecordBounds(tuple.fieldStart, Int(record.end))
        let written = tuple.column - columns.baseAddress!
        var isUsual = false
        _ = splitter.split(bytes, readable: readable, rest, into: spans, isUsual: &isUsual)
        guard isUsual || isText(rest, bytes) else { return false }
        while tuple.column < end {
            let span = spans[Int(tuple.column.pointee.field) &- written]
            guard write(span, bytes, to: output, &tuple) else { return false }
        }
        return true
    }

    @inline(__always)
    private func isText(_ part: RecordBounds, _ bytes: UnsafePointer<UInt8>) -> Bool {
        TextCheck.isText(FieldText(bytes, count: Int(part.end)).part(part))
    }

    // MARK: Fields

    /// Writes the next column's field, which has no quotes, with its length; false: not sure.
    @inline(__always)
    private func writePlain(
        _ text: FieldText, to output: UnsafeMutablePointer<UInt8>, _ tuple: inout Tuple
    ) -> Bool {
        // Read where it lies: of its properties most values need but few.
        let column = tuple.column
        let field = output + tuple.count
        if isNull(text, column) { return tuple.writeNull(to: field) }
        guard let count = writeValue(text, column, to: field + 4) else { return false }
        tuple.finishField(of: count, at: field)
        return true
    }

    @inline(__always)
    private func isNull(_ text: FieldText, _ column: UnsafePointer<BinaryColumn>) -> Bool {
        let length = Int32(truncatingIfNeeded: text.count)
        guard length == column.pointee.nullLength else { return false }
        return length == 0 || isNullText(text)
    }

    @inline(never)
    private func isNullText(_ text: FieldText) -> Bool {
        decoder.value(of: FieldSpan(0, text.count, .plain), in: text.start, equals: null)
    }

    @inline(never)
    private func isNullText(_ span: FieldSpan, _ bytes: UnsafePointer<UInt8>) -> Bool {
        decoder.value(of: span, in: bytes, equals: null)
    }

    /// Writes the next column's field with its length; false: not sure.
    @inline(__always)
    private func write(
        _ span: FieldSpan, _ bytes: UnsafePointer<UInt8>, to output: UnsafeMutablePointer<UInt8>,
        _ tuple: inout Tuple
    ) -> Bool {
        let column = tuple.column
        let field = output + tuple.count
        let text = FieldText(bytes + Int(span.start), count: Int(span.end &- span.start))
        // The form comes by chance, and is asked last.
        let isNull =
            isNull(text, column) && span.form == .plain
            || column.pointee.forcesNull && span.form != .plain && isNullText(span, bytes)
        if isNull { return tuple.writeNull(to: field) }
        let isAsItIs = span.form == .plain || span.form == .quoted
        let count =
            isAsItIs
            ? writeValue(text, column, to: field + 4)
            : writeDecoded(span, column, bytes, to: field + 4)
        guard let count else { return false }
        tuple.finishField(of: count, at: field)
        return true
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
        let needed = Int(span.end - span.start) + FieldText.slack
        let usual = 1_024
        guard needed <= usual || column.pointee.kind == .array else { return nil }
        let capacity = max(needed, usual)
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
                target.update(from: bytes + position + from, count: 64)
                target += run
                from &+= run &+ 1
                quotes &= quotes &- 1
                quotes &= quotes &- 1
            }
            target.update(from: bytes + position + from, count: 64)
            target += max(0, min(left, 64) &- from)
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
