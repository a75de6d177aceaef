import CKernels

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
    private let usesBlocks: Bool
    /// Eight times each.
    private let delimiterPattern: UInt64
    private let quotePattern: UInt64
    /// All bits; none where quotes are text.
    private let quotesMean: UInt64

    init(dialect: Dialect) {
        delimiterPattern = UInt64(dialect.delimiter) &* 0x0101_0101_0101_0101
        quotePattern = UInt64(dialect.quote) &* 0x0101_0101_0101_0101
        quotesMean = dialect.quoting == .none ? 0 : .max
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
    ///   - isUsual: becomes whether the record is ASCII without NUL; false is a perhaps.
    @inline(__always)
    func split(
        _ bytes: UnsafePointer<UInt8>, readable: Int = 0, _ record: RecordBounds,
        into fields: UnsafeMutablePointer<FieldSpan>, isUsual: inout Bool
    ) -> Int {
        if usesBlocks, Int(record.end) + Block.length <= readable {
            if let count = splitBlocks(bytes, record, into: fields, &isUsual) { return count }
        }
        isUsual = false
        return splitByBytes(bytes, record, into: fields)
    }

    /// The record's 64 bytes from `start` on, of which `FieldText.slack` behind it may be read; nil:
    /// one of them is a quote.
    @inline(__always)
    func plainBlock(
        _ bytes: UnsafePointer<UInt8>, at start: Int, of record: RecordBounds
    ) -> PlainBlock? {
        let masks = sluice_field_masks64(bytes + start, delimiterPattern, quotePattern)
        let left = Int(record.end) &- start
        let end: UInt64 = left < Block.length ? 1 &<< UInt64(left) : 0
        let within = end &- 1
        guard masks.quotes & within & quotesMean == 0 else { return nil }
        return PlainBlock(
            start: start, separators: masks.delimiters & within | end,
            hasUnusual: masks.has_unusual != 0)
    }

    /// 64 bytes at a time; nil: one of them is not well formed, alone or with what follows.
    @inline(__always)
    private func splitBlocks(
        _ bytes: UnsafePointer<UInt8>, _ record: RecordBounds,
        into fields: UnsafeMutablePointer<FieldSpan>, _ isUsual: inout Bool
    ) -> Int? {
        let end = Int(record.end)
        var position = Int(record.start)
        var (fieldStart, count, unusual) = (position, 0, Int32(0))
        while true {
            let masks = sluice_field_masks64(bytes + position, delimiterPattern, quotePattern)
            let left = end - position
            let within = left < Block.length ? (1 &<< UInt64(left)) &- 1 : UInt64.max
            unusual |= masks.has_unusual
            guard masks.quotes & within & quotesMean == 0 else {
                let rest = QuotedRest(
                    position: position, fieldStart: fieldStart, count: count, unusual: unusual)
                return splitQuoted(rest, bytes, end: end, into: fields, &isUsual)
            }
            var delimiters = masks.delimiters & within
            while delimiters != 0 {
                let next = position &+ delimiters.trailingZeroBitCount
                fields[count] = FieldSpan(fieldStart, next, .plain)
                count &+= 1
                fieldStart = next &+ 1
                delimiters &= delimiters &- 1
            }
            guard left > Block.length else { break }
            position &+= Block.length
        }
        isUsual = unusual == 0
        fields[count] = FieldSpan(fieldStart, end, .plain)
        return count &+ 1
    }

    /// Where a record's first quote stands: in which block, field, and behind how many others.
    private struct QuotedRest {
        var position: Int
        var fieldStart: Int
        var count: Int
        /// Not 0: there may be a NUL or bytes beyond ASCII.
        var unusual: Int32
    }

    /// From a block on that has quotes, and the first of them.
    @inline(__always)
    private func splitQuoted(
        _ rest: QuotedRest, _ bytes: UnsafePointer<UInt8>, end: Int,
        into fields: UnsafeMutablePointer<FieldSpan>, _ isUsual: inout Bool
    ) -> Int? {
        var (position, fieldStart, count) = (rest.position, rest.fieldStart, rest.count)
        var context = position == fieldStart ? Block.Context.behindSeparator : .unquoted
        var (doubled, unusual) = (UInt64(0), rest.unusual)
        while true {
            let left = end - position
            let masks = sluice_field_masks64(bytes + position, delimiterPattern, quotePattern)
            guard let block = QuotedBlock(masks, left: left, context) else { return nil }
            unusual |= masks.has_unusual
            var delimiters = block.delimiters
            var before = UInt64(0)
            while delimiters != 0 {
                let upTo = delimiters ^ (delimiters &- 1)
                let next = position &+ delimiters.trailingZeroBitCount
                doubled |= block.doubled & upTo & ~before
                fields[count] = span(bytes, from: fieldStart, to: next, hasDoubled: doubled != 0)
                (doubled, before) = (0, upTo)
                count &+= 1
                fieldStart = next &+ 1
                delimiters &= delimiters &- 1
            }
            doubled |= block.doubled & ~before
            guard left > Block.length else { break }
            context = block.end
            position &+= Block.length
        }
        isUsual = unusual == 0
        fields[count] = span(bytes, from: fieldStart, to: end, hasDoubled: doubled != 0)
        return count &+ 1
    }

    /// A field of a well-formed record: a quote that begins it has its other one at the end.
    @inline(__always)
    private func span(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int, hasDoubled: Bool
    ) -> FieldSpan {
        // No branch on what comes by chance: 1 where it is so, else 0.
        let isOther = Int(bytes[start] ^ quote)
        let isQuoted = ((isOther &- 1) & (start &- end)) &>> 63 & 1
        let form: FieldSpan.Form = hasDoubled ? .escaped : isQuoted == 1 ? .quoted : .plain
        return FieldSpan(start &+ isQuoted, end &- isQuoted, form)
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

/// 64 bytes of a record, or what is left of it, without a quote.
struct PlainBlock {
    let start: Int
    /// Delimiters that were not taken yet, and the record's end: bit i stands for byte i.
    private(set) var separators: UInt64
    /// Whether there may be a NUL or bytes beyond ASCII.
    let hasUnusual: Bool

    @inline(__always)
    var end: Int { start &+ Block.length }

    /// Whether all separators have been taken.
    @inline(__always)
    var isEmpty: Bool { separators == 0 }

    /// Where the next separator stands; there must be one.
    @inline(__always)
    mutating func takeSeparator() -> Int {
        defer { separators &= separators &- 1 }
        return start &+ separators.trailingZeroBitCount
    }
}

/// 64 bytes of a well-formed record, or what is left of it: bit i stands for byte i.
///
/// Well formed is what `Block` says; the record's end is a separator.
private struct QuotedBlock {
    /// Outside quotes.
    let delimiters: UInt64
    /// The second one of each doubled quote.
    let doubled: UInt64
    let end: Block.Context

    /// nil: not well formed.
    @inline(__always)
    init?(_ masks: sluice_field_masks, left: Int, _ context: Block.Context) {
        let isWhole = left >= Block.length
        let within = isWhole ? UInt64.max : (1 &<< UInt64(left)) &- 1
        let quotes = masks.quotes & within
        let inside = quotes.parity ^ context.inside
        delimiters = masks.delimiters & within & ~inside
        let separators = delimiters | (isWhole ? 0 : 1 &<< UInt64(left))
        let behindSeparator = delimiters << 1 | context.separator
        let (opens, closes) = (quotes & inside, quotes & ~inside)
        let behindQuote = closes << 1 | context.quote
        guard opens & ~(behindSeparator | behindQuote) == 0,
            behindQuote & ~(separators | quotes) == 0
        else { return nil }
        doubled = opens & behindQuote
        end = .last(inside: inside, delimiters, closes)
    }
}
