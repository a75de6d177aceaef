/// Reads one record strictly, from the start of a line.
///
/// After text behind a closing quote it reads on, the field running to the next delimiter or line
/// end, and remembers the fault; every other fault stops it.
struct OracleRecordReader {
    enum Stop {
        /// At a line end, or the end of the input.
        case ended(contentEnd: Int, next: Int)
        case loneCarriageReturn(at: Int)
        case endInsideQuotes(opened: Int)
        case limitInsideQuotes(opened: Int)
        case limitOutsideQuotes
    }

    /// The offsets of a closing quote with text behind it, and of the quote that opened the field.
    struct TextAfterQuote {
        var opened: Int
        var closed: Int
    }

    private(set) var text: OracleText
    private(set) var fields: [OracleField] = []
    /// The offsets of the quotes that opened a field.
    private(set) var openings: [Int] = []
    private(set) var textAfterQuote: TextAfterQuote?
    /// A quote stands in an unquoted field, or behind a closing quote.
    private(set) var hasBareQuote = false

    private let dialect: OracleDialect
    private let start: Int
    private let end: Int
    private let byteLimit: Int
    private var index: Int
    private var field = OracleField()

    /// A reader of the record at `start`, bounded by the dialect's limit.
    init(_ text: OracleText, at start: Int, dialect: OracleDialect) {
        self.init(
            text, start: start, end: text.end, byteLimit: dialect.maxRecordBytes, dialect: dialect)
    }

    /// A reader of the line alone, as if the input ended with it.
    init(_ text: OracleText, alone line: OracleText.Line, dialect: OracleDialect) {
        self.init(text, start: line.start, end: line.end, byteLimit: .max, dialect: dialect)
    }

    private init(
        _ text: OracleText, start: Int, end: Int, byteLimit: Int, dialect: OracleDialect
    ) {
        self.text = text
        self.start = start
        self.end = end
        self.byteLimit = byteLimit
        self.dialect = dialect
        index = start
    }

    mutating func read() -> Stop {
        while true {
            let stop = readField()
            fields.append(field)
            if let stop { return stop }
            field = OracleField()
            index += 1  // the delimiter
        }
    }

    /// Reads to the next delimiter outside quotes, or to what stops the record.
    private mutating func readField() -> Stop? {
        switch dialect.quoting {
        case .none: readText()
        case .copy: readToggled()
        case .standard: opensQuotes(at: index) ? readQuoted() : readText()
        case .lenient: readLenient()
        }
    }

    // MARK: What ends a record

    /// A record of just the limit is not too long: only its line end may stand there.
    private mutating func stopOutsideQuotes() -> Stop? {
        if index - start > byteLimit { return .limitOutsideQuotes }
        if index == end { return .ended(contentEnd: index, next: index) }
        let length = text.lineEndLength(at: index, before: end)
        if length > 0 {
            text.decide(byLineEndAt: index, length: length)
            return .ended(contentEnd: index, next: index + length)
        }
        if index - start == byteLimit { return .limitOutsideQuotes }
        let isLone = text.bytes[index] == OracleText.carriageReturn
        return isLone ? .loneCarriageReturn(at: index) : nil
    }

    private func stopInsideQuotes(opened: Int) -> Stop? {
        if index - start > byteLimit { return .limitInsideQuotes(opened: opened) }
        if index == end { return .endInsideQuotes(opened: opened) }
        return index - start == byteLimit ? .limitInsideQuotes(opened: opened) : nil
    }

    // MARK: Fields

    private mutating func take() {
        field.bytes.append(text.bytes[index])
        index += 1
    }

    /// Unquoted text: quotes mean nothing.
    private mutating func readText() -> Stop? {
        while true {
            if let stop = stopOutsideQuotes() { return stop }
            if text.bytes[index] == dialect.delimiter { return nil }
            if text.bytes[index] == dialect.quote { hasBareQuote = true }
            take()
        }
    }

    private mutating func readQuoted() -> Stop? {
        let opened = open(at: index)
        while true {
            if let stop = stopInsideQuotes(opened: opened) { return stop }
            if takeLiteral() { continue }
            if text.bytes[index] == dialect.quote { break }
            take()
        }
        let closed = index
        index += 1
        if !mayFollowQuote(at: index) && textAfterQuote == nil {
            textAfterQuote = TextAfterQuote(opened: opened, closed: closed)
        }
        return readText()
    }

    private mutating func readLenient() -> Stop? {
        let behindBlanks = skippingBlanks(from: index)
        guard opensQuotes(at: behindBlanks) else { return readText() }
        let opened = open(at: behindBlanks)
        while true {
            if let stop = stopInsideQuotes(opened: opened) { return stop }
            if takeLiteral() { continue }
            if text.bytes[index] == dialect.quote {
                let behindQuote = skippingBlanks(from: index + 1)
                if endsField(at: behindQuote) {
                    index = behindQuote
                    return stopOutsideQuotes()
                }
            }
            take()
        }
    }

    private mutating func readToggled() -> Stop? {
        var opened: Int?
        while true {
            let stop = opened.map { stopInsideQuotes(opened: $0) } ?? stopOutsideQuotes()
            if let stop { return stop }
            if opened == nil && text.bytes[index] == dialect.delimiter { return nil }
            if opened != nil && takeLiteral() { continue }
            if text.bytes[index] == dialect.quote {
                let isClosing = opened != nil
                opened = isClosing ? nil : open(at: index)
                if isClosing { index += 1 }
            } else {
                take()
            }
        }
    }

    // MARK: Quotes

    /// The quote is markup only if it stands within the limit: beyond it the record has failed.
    private func opensQuotes(at index: Int) -> Bool {
        index < end && index - start < byteLimit && text.bytes[index] == dialect.quote
    }

    private mutating func open(at quote: Int) -> Int {
        openings.append(quote)
        field.isQuoted = true
        index = quote + 1
        return quote
    }

    /// Takes the second of two bytes that stand for it: a doubled quote, or one with its escape.
    private mutating func takeLiteral() -> Bool {
        guard index + 1 < end else { return false }
        let first = text.bytes[index]
        let second = text.bytes[index + 1]
        // COPY knows the escape only; by default that is the quote.
        let isDoubled =
            dialect.quoting != .copy && first == dialect.quote && second == dialect.quote
        let isEscaped =
            first == dialect.escape && (second == dialect.quote || second == dialect.escape)
        guard isDoubled || isEscaped else { return false }
        index += 1
        take()
        return true
    }

    private func endsField(at index: Int) -> Bool {
        index == end || text.bytes[index] == dialect.delimiter
            || text.lineEndLength(at: index, before: end) > 0
    }

    /// A lone CR is a fault of its own.
    private func mayFollowQuote(at index: Int) -> Bool {
        endsField(at: index) || text.bytes[index] == OracleText.carriageReturn
    }

    private func skippingBlanks(from start: Int) -> Int {
        var index = start
        while index < end, isBlank(text.bytes[index]) { index += 1 }
        return index
    }

    private func isBlank(_ byte: UInt8) -> Bool {
        (byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")) && byte != dialect.delimiter
    }
}
