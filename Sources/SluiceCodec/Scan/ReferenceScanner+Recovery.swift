/// What tells a stray quote from a long field: the lines that it swallowed are good records.
extension ReferenceScanner {
    /// The lines between the one where the quote opened and the one that `quote` stands on, if
    /// `quote` was itself meant to open a field; nil: no evidence of a stray quote.
    func strayLines(beforeQuote quote: Int, _ bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        guard let first = lineStart(behind: quoteOpened, before: quote, bytes) else { return nil }
        var last = first
        while let next = lineStart(behind: last, before: quote, bytes) { last = next }
        guard areStray(first..<last, bytes, isAtEnd: false),
            opensField(quote, inLineFrom: last, bytes)
        else { return nil }
        return first..<last
    }

    /// The lines behind the one where the quote opened, if there are any and all are good.
    func strayLines(
        upTo end: Int, _ bytes: UnsafeRawBufferPointer, isAtEnd: Bool
    ) -> Range<Int>? {
        guard dialect.quoting == .standard,
            let first = lineStart(behind: quoteOpened, before: end, bytes), first < end,
            areStray(first..<end, bytes, isAtEnd: isAtEnd)
        else { return nil }
        return first..<end
    }

    /// Where the last whole line ends that is held of the record; nil: none is.
    func endOfHeldLines(_ bytes: UnsafeRawBufferPointer, isFinal: Bool) -> Int? {
        guard !isFinal else { return endOfText(bytes) }
        let limit = min(position, recordStart + maxRecordBytes)
        var end: Int?
        var next = lineStart(behind: recordStart, before: limit, bytes)
        while let start = next {
            end = start
            next = lineStart(behind: start, before: limit, bytes)
        }
        return end
    }

    /// The end of the input, or of what stands before a 0x1A on a line of its own.
    private func endOfText(_ bytes: UnsafeRawBufferPointer) -> Int {
        let last = position - 1
        guard last > recordStart, bytes[last] == .substitute, dialect.delimiter != .substitute,
            dialect.quote != .substitute,
            bytes[last - 1] == .lineFeed
                || (lineEnd == .carriageReturn && bytes[last - 1] == .carriageReturn)
        else { return position }
        return last
    }

    private func lineStart(
        behind start: Int, before limit: Int, _ bytes: UnsafeRawBufferPointer
    ) -> Int? {
        // A line feed behind the limit may belong to a carriage return before it.
        let inView = lineEnd == .carriageReturn ? min(limit + 2, bytes.count) : limit
        let next = bytes.nextLineStart(after: start, before: inView, endedBy: lineEnd)
        return next.flatMap { $0 <= limit ? $0 : nil }
    }

    /// With one column there is no evidence: any text is a good record.
    private func areStray(
        _ lines: Range<Int>, _ bytes: UnsafeRawBufferPointer, isAtEnd: Bool
    ) -> Bool {
        guard let width, width > 1 else { return false }
        var start = lines.lowerBound
        while start < lines.upperBound {
            let end =
                lineStart(behind: start, before: lines.upperBound, bytes)
                ?? lines.upperBound
            let isLast = isAtEnd && end == lines.upperBound
            let content = bytes.lineContent(start..<end, endedBy: lineEnd, isLast: isLast)
            guard isClean(content, width: width, bytes) else { return false }
            start = end
        }
        return true
    }

    /// Alone it is a record of this width, and each quote opens a field, closes one or is doubled.
    private func isClean(
        _ content: Range<Int>, width: Int, _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        guard let first = content.first else { return true }
        if bytes[first] == dialect.comment { return true }
        var fields = LineFields(dialect: dialect)
        for position in content {
            guard fields.accept(bytes[position]) else { return false }
        }
        return !fields.isInsideQuotes && fields.count == width
    }

    /// Whether a field begins at `quote` when its line is read for itself.
    private func opensField(
        _ quote: Int, inLineFrom start: Int, _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        guard start < quote, bytes[start] != dialect.comment else { return start == quote }
        var fields = LineFields(dialect: dialect, isTolerant: true)
        for position in start..<quote {
            guard fields.accept(bytes[position]) else { return false }
        }
        return fields.isAtFieldStart
    }
}

/// The fields of one line in standard quoting.
private struct LineFields {
    private enum State { case fieldStart, unquoted, quoted, escapeSeen, quoteSeen }

    private let dialect: Dialect
    /// Only where fields begin is asked.
    private let isTolerant: Bool
    private var state = State.fieldStart
    private(set) var count = 1

    init(dialect: Dialect, isTolerant: Bool = false) {
        self.dialect = dialect
        self.isTolerant = isTolerant
    }

    var isInsideQuotes: Bool { state == .quoted || state == .escapeSeen }
    var isAtFieldStart: Bool { state == .fieldStart }

    /// False: the line is not well formed up to and with `byte`.
    mutating func accept(_ byte: UInt8) -> Bool {
        switch state {
        case .quoted:
            if byte == dialect.quote {
                state = .quoteSeen
            } else if byte == dialect.escape {
                state = .escapeSeen
            }
            return true
        case .escapeSeen:
            state = .quoted
            return true
        case .quoteSeen where byte == dialect.quote:
            state = .quoted
            return true
        case .fieldStart where byte == dialect.quote:
            state = .quoted
            return true
        case .fieldStart, .unquoted, .quoteSeen:
            return acceptOutsideQuotes(byte)
        }
    }

    private mutating func acceptOutsideQuotes(_ byte: UInt8) -> Bool {
        if byte == dialect.delimiter {
            count += 1
            state = .fieldStart
            return true
        }
        guard byte != .carriageReturn else { return false }
        let isWellFormed = state != .quoteSeen && byte != dialect.quote
        state = .unquoted
        return isWellFormed || isTolerant
    }
}
