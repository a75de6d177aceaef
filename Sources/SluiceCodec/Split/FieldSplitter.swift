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

    init(dialect: Dialect) {
        delimiter = dialect.delimiter
        quote = dialect.quote
        escape = dialect.escape
        quoting = dialect.quoting
    }

    /// Writes one span per field, as many as the scanner counted, and answers how many.
    ///
    /// - Parameter fields: has room for the record's width.
    @inline(__always)
    func split(
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
