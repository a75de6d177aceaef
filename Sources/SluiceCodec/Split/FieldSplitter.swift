/// Where a field's value lies in its batch, the quotes around it not included.
struct FieldSpan: Sendable {
    enum Form: UInt8, Sendable {
        /// Without quotes: the bytes are the value, or NULL.
        case plain
        /// In quotes, and the bytes between them are the value.
        case quoted
        /// In quotes, with doubled or escaped ones inside, or a quote that is text.
        case escaped
        /// `copy`: with quotes somewhere; the span begins outside them.
        case toggled
    }

    var start: UInt32
    var end: UInt32
    var form: Form

    @inline(__always)
    init(_ start: Int, _ end: Int, _ form: Form) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
        self.form = form
    }
}

/// Parts a well-formed record into its fields.
struct FieldSplitter: Sendable {
    private let delimiter: UInt8
    private let quote: UInt8
    private let escape: UInt8
    private let quoting: Dialect.Quoting
    private let dialect: Dialect
    private let usesBlocks: Bool

    init(dialect: Dialect) {
        self.dialect = dialect
        usesBlocks = dialect.quoting == .none || dialect.escape == dialect.quote
        delimiter = dialect.delimiter
        quote = dialect.quote
        escape = dialect.escape
        quoting = dialect.quoting
    }

    /// Writes one span per field, as many as the scanner counted, and answers how many.
    ///
    /// - Parameters:
    ///   - readable: how many of `bytes` may be read; with 64 behind the record it is split faster.
    ///   - fields: has room for the record's width.
    @inline(__always)
    func split(
        _ bytes: UnsafePointer<UInt8>, readable: Int = 0, _ record: RecordBounds,
        into fields: UnsafeMutablePointer<FieldSpan>
    ) -> Int {
        if usesBlocks, Int(record.end) + Block.length <= readable {
            if let count = splitBlocks(bytes, record, into: fields) { return count }
        }
        return splitByBytes(bytes, record, into: fields)
    }

    /// 64 bytes at a time; nil: one of them is not well formed, alone or with what follows.
    @inline(__always)
    private func splitBlocks(
        _ bytes: UnsafePointer<UInt8>, _ record: RecordBounds,
        into fields: UnsafeMutablePointer<FieldSpan>
    ) -> Int? {
        let end = Int(record.end)
        var position = Int(record.start)
        var fieldStart = position
        var context = Block.Context.behindSeparator
        var count = 0
        var fieldQuotes = QuoteCount()
        while true {
            guard let block = Block(bytes + position, context, dialect) else { return nil }
            let left = end - position
            var (delimiters, quotes) = (block.delimiters, block.quotes)
            if left < Block.length {
                let within = ((1 as UInt64) << UInt64(left)) &- 1
                delimiters &= within
                quotes &= within
            }
            while delimiters != 0 {
                let next = position + delimiters.trailingZeroBitCount
                let before = delimiters ^ (delimiters &- 1)
                fieldQuotes.add(quotes & before)
                quotes &= ~before
                fields[count] = fieldQuotes.span(from: fieldStart, to: next)
                fieldQuotes = QuoteCount()
                count += 1
                fieldStart = next + 1
                delimiters &= delimiters &- 1
            }
            fieldQuotes.add(quotes)
            guard left > Block.length else { break }
            context = block.end
            position += Block.length
        }
        fields[count] = fieldQuotes.span(from: fieldStart, to: end)
        return count + 1
    }

    /// How many quotes a well-formed field has: none, two, or more.
    private struct QuoteCount {
        private var count = 0

        @inline(__always)
        mutating func add(_ quotes: UInt64) {
            guard quotes != 0 else { return }
            let others = quotes & (quotes &- 1)
            count += others == 0 ? 1 : others & (others &- 1) == 0 ? 2 : 3
        }

        @inline(__always)
        func span(from start: Int, to end: Int) -> FieldSpan {
            count == 0
                ? FieldSpan(start, end, .plain)
                : FieldSpan(start + 1, end - 1, count > 2 ? .escaped : .quoted)
        }
    }

    @inline(__always)
    private func splitByBytes(
        _ bytes: UnsafePointer<UInt8>, _ record: RecordBounds,
        into fields: UnsafeMutablePointer<FieldSpan>
    ) -> Int {
        let end = Int(record.end)
        var position = Int(record.start)
        var count = 0
        while true {
            let (field, next) = field(bytes, from: position, to: end)
            fields[count] = field
            count += 1
            guard next < end else { return count }
            position = next + 1
        }
    }

    /// One field and the position of the delimiter behind it, or `end`.
    @inline(__always)
    private func field(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int
    ) -> (FieldSpan, next: Int) {
        switch quoting {
        case .standard:
            guard start < end, bytes[start] == quote else { break }
            return quotedField(bytes, from: start + 1, to: end)
        case .copy:
            return toggledField(bytes, from: start, to: end)
        case .lenient:
            let opening = firstNonBlank(bytes, from: start, to: end)
            guard opening < end, bytes[opening] == quote else { break }
            return lenientField(bytes, from: opening + 1, to: end)
        case .none:
            break
        }
        let next = delimiter(bytes, from: start, to: end)
        return (FieldSpan(start, next, .plain), next)
    }

    @inline(__always)
    private func delimiter(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
        var position = start
        while position < end, bytes[position] != delimiter { position += 1 }
        return position
    }

    @inline(__always)
    private func quotedField(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int
    ) -> (FieldSpan, next: Int) {
        var form = FieldSpan.Form.quoted
        var position = start
        while position < end {
            let byte = bytes[position]
            if byte == quote {
                guard position + 1 < end, bytes[position + 1] == quote else { break }
                form = .escaped
                position += 2
            } else if byte == escape {
                form = .escaped
                position += 2
            } else {
                position += 1
            }
        }
        return (FieldSpan(start, position, form), position + 1)
    }

    private func lenientField(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int
    ) -> (FieldSpan, next: Int) {
        var form = FieldSpan.Form.quoted
        var position = start
        while position < end {
            if bytes[position] == quote {
                if position + 1 < end, bytes[position + 1] == quote {
                    position += 1
                } else {
                    let next = firstNonBlank(bytes, from: position + 1, to: end)
                    if next == end || bytes[next] == delimiter {
                        return (FieldSpan(start, position, form), next)
                    }
                }
                form = .escaped
            } else if bytes[position] == escape {
                form = .escaped
                position += 1
            }
            position += 1
        }
        preconditionFailure("a record that ends inside quotes")
    }

    private func toggledField(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int
    ) -> (FieldSpan, next: Int) {
        var form = FieldSpan.Form.plain
        var isQuoted = false
        var position = start
        while position < end {
            let byte = bytes[position]
            if byte == quote {
                isQuoted.toggle()
                form = .toggled
            } else if isQuoted, byte == escape {
                position += 1
            } else if !isQuoted, byte == delimiter {
                break
            }
            position += 1
        }
        return (FieldSpan(start, position, form), position)
    }

    private func firstNonBlank(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int
    ) -> Int {
        var position = start
        while position < end, bytes[position].isBlank, bytes[position] != delimiter {
            position += 1
        }
        return position
    }
}
