/// The input as physical lines.
struct OracleText {
    /// What ends a line, decided by the file's first line end outside quotes.
    enum LineEnds {
        /// LF, CRLF, CR CR LF. A lone CR is no line end.
        case lineFeed
        /// CR too.
        case carriageReturn
    }

    struct Line {
        var start: Int
        /// The line end is not included.
        var contentEnd: Int
        /// The line end is included.
        var end: Int
    }

    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let substitute: UInt8 = 0x1A

    let bytes: [UInt8]
    /// Behind the byte order mark.
    let start: Int
    /// Nil until the first line end outside quotes.
    var lineEnds: LineEnds?
    private let substituteIsMarkup: Bool

    init(_ bytes: [UInt8], dialect: OracleDialect) {
        self.bytes = bytes
        start = bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0
        substituteIsMarkup =
            dialect.delimiter == Self.substitute
            || (dialect.quoting != .none && dialect.quote == Self.substitute)
    }

    /// The end of the input, without a last 0x1A that stands at the start of a line.
    var end: Int {
        let last = bytes.count - 1
        guard last >= start, bytes[last] == Self.substitute, !substituteIsMarkup else {
            return bytes.count
        }
        return isLineStart(last) ? last : bytes.count
    }

    private func isLineStart(_ index: Int) -> Bool {
        guard index > start else { return true }
        let previous = bytes[index - 1]
        return previous == Self.lineFeed
            || (previous == Self.carriageReturn && lineEnds == .carriageReturn)
    }

    /// The text with its line ends decided. Inside quotes, as long as no line end stood outside
    /// of them, lines are those of LF: nothing has said yet that this is a file of lone CRs.
    var decided: OracleText {
        var text = self
        text.lineEnds = lineEnds ?? .lineFeed
        return text
    }

    /// The bytes of the line end that stands at the index; 0 if none does. While undecided, a
    /// lone CR is one, since it would be the first and decide.
    func lineEndLength(at index: Int, before end: Int) -> Int {
        guard index < end else { return 0 }
        if bytes[index] == Self.lineFeed { return 1 }
        guard bytes[index] == Self.carriageReturn else { return 0 }
        let next = bytes[index..<min(index + 3, end)]
        if next.starts(with: [Self.carriageReturn, Self.lineFeed]) { return 2 }
        if next.elementsEqual([Self.carriageReturn, Self.carriageReturn, Self.lineFeed]) {
            return 3
        }
        return next.count == 1 || lineEnds != .lineFeed ? 1 : 0
    }

    /// Lets the line end at the index decide, if it is the first.
    mutating func decide(byLineEndAt index: Int, length: Int) {
        guard lineEnds == nil else { return }
        let isLone = length == 1 && bytes[index] == Self.carriageReturn
        lineEnds = isLone ? .carriageReturn : .lineFeed
    }

    /// The rest of the line, from an index inside it.
    func line(from start: Int) -> Line {
        let end = self.end
        for index in start..<max(start, end) {
            let length = lineEndLength(at: index, before: end)
            if length > 0 { return Line(start: start, contentEnd: index, end: index + length) }
        }
        return Line(start: start, contentEnd: end, end: end)
    }

    /// The same outside quotes: its line end decides, if it is the first.
    mutating func takeLine(from start: Int) -> Line {
        let line = line(from: start)
        if line.contentEnd < line.end {
            decide(byLineEndAt: line.contentEnd, length: line.end - line.contentEnd)
        }
        return line
    }

    /// The lines that begin in the range. It begins at the start of a line.
    func lines(startingIn range: Range<Int>) -> [Line] {
        var lines: [Line] = []
        var next = range.lowerBound
        while next < min(range.upperBound, end) {
            lines.append(line(from: next))
            next = lines[lines.count - 1].end
        }
        return lines
    }
}
