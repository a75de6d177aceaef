extension HostileCSV {
    /// A CSV for COPY and pgsluice alike.
    ///
    /// - `insideQuotes`: some fields have quotes inside, which both remove (`--quoting copy`).
    /// - `bareEndMarker`: a line may be a bare `\.`. Servers before 18 stop there.
    package static func copyable(
        _ random: inout SeededRandom, insideQuotes: Bool = false, bareEndMarker: Bool = false,
        rowCount: ClosedRange<Int> = 0...40
    ) -> CopyableCSV {
        var writer = CopyableWriter(
            insideQuotes: insideQuotes, bareEndMarker: bareEndMarker, random)
        let csv = writer.write(rowCount: rowCount)
        random = writer.random
        return csv
    }
}

/// Writes a `CopyableCSV` field by field, and notes what each field means.
private struct CopyableWriter {
    struct Field {
        var written: [UInt8]
        var content: [UInt8]
        var isQuoted: Bool
    }

    var random: SeededRandom
    private let bareEndMarker: Bool
    private let insideQuotes: Bool
    private let markup: Set<UInt8>
    private var csv: CopyableCSV
    private var dialect: OracleDialect { csv.dialect }

    init(insideQuotes: Bool, bareEndMarker: Bool, _ seed: SeededRandom) {
        random = seed
        self.insideQuotes = insideQuotes
        self.bareEndMarker = bareEndMarker
        let quote = random.pick(Array("\"\"'".utf8))
        let dialect = OracleDialect(
            delimiter: random.pick(Array(",,,;\t|\u{1}".utf8)),
            quote: quote,
            escape: random.oneIn(3) ? UInt8(ascii: "\\") : quote,
            quoting: insideQuotes ? .copy : .standard,
            null: Array(random.pick(["", "", "NULL", "\\N"]).utf8),
            hasHeader: random.oneIn(2))
        markup = [dialect.delimiter, dialect.quote, 0x0A, 0x0D]
        csv = CopyableCSV(
            bytes: [], dialect: dialect, lineEnd: random.pick(CopyableCSV.LineEnd.allCases),
            columns: [], forceNull: [], forceNotNull: [], rows: [])
    }

    mutating func write(rowCount: ClosedRange<Int>) -> CopyableCSV {
        makeColumns(count: random.number(in: 1...8))
        if dialect.hasHeader { writeHeader() }
        var lastIsBlank = false
        for _ in 0..<random.number(in: rowCount) { lastIsBlank = writeRow() }
        // A blank last line without its line end is no line.
        if !csv.bytes.isEmpty, !lastIsBlank, random.oneIn(4) {
            csv.bytes.removeLast(csv.lineEnd.rawValue.utf8.count)
        }
        return csv
    }

    // MARK: Columns

    private mutating func makeColumns(count: Int) {
        for number in 0..<count {
            csv.columns.append(columnName(number))
            guard csv.columns[number] == "c\(number)" else { continue }
            if random.oneIn(5) { csv.forceNull.append(number) }
            if random.oneIn(5) { csv.forceNotNull.append(number) }
        }
    }

    private mutating func columnName(_ number: Int) -> String {
        guard dialect.hasHeader, random.oneIn(12) else { return "c\(number)" }
        return random.pick(["Col ", "a,b;", "say \"hi\" 'o' ", "two\nlines ", "größe|"])
            + "\(number)"
    }

    private mutating func writeHeader() {
        let names = csv.columns.map { name in
            let bytes = Array(name.utf8)
            return bytes.contains(where: markup.contains) || random.oneIn(4)
                ? quoted(bytes) : plain(bytes)
        }
        writeLine(names)
    }

    // MARK: Rows

    /// Writes a row; true if its line is blank.
    private mutating func writeRow() -> Bool {
        var fields = csv.columns.map { _ in field() }
        if fields.count == 1, fields[0].written == Array("\\.".utf8), !bareEndMarker {
            fields[0] = quoted(fields[0].content)
        }
        writeLine(fields)
        csv.rows.append(fields.indices.map { value(of: fields[$0], column: $0) })
        return fields.count == 1 && fields[0].written.isEmpty
    }

    private mutating func writeLine(_ fields: [Field]) {
        csv.bytes += fields.map(\.written).joined(separator: [dialect.delimiter])
        csv.bytes += Array(csv.lineEnd.rawValue.utf8)
    }

    /// NULL as COPY has it: FORCE_NOT_NULL speaks of unquoted fields, FORCE_NULL of quoted ones.
    private func value(of field: Field, column: Int) -> [UInt8]? {
        guard field.content == dialect.null else { return field.content }
        if field.isQuoted { return csv.forceNull.contains(column) ? nil : field.content }
        return csv.forceNotNull.contains(column) ? field.content : nil
    }

    // MARK: Fields

    private mutating func field() -> Field {
        if insideQuotes, random.oneIn(3) { return toggled() }
        switch random.number(in: 1...20) {
        case 1...2: return plain([])
        case 3...4: return quoted([])
        case 5: return plain(dialect.null)
        case 6: return quoted(dialect.null)
        case 7: return random.oneIn(2) ? plain(Array("\\.".utf8)) : quoted(Array("\\.".utf8))
        case 8: return quoted(endMarkerInLines())
        case 9: return random.oneIn(40) ? long() : plain(plainText())
        case 10...14: return plain(plainText())
        default: return quoted(anyText())
        }
    }

    private func plain(_ content: [UInt8]) -> Field {
        precondition(!content.contains(where: markup.contains), "markup needs quotes")
        return Field(written: content, content: content, isQuoted: false)
    }

    private mutating func quoted(_ content: [UInt8]) -> Field {
        Field(written: section(content), content: content, isQuoted: true)
    }

    /// The content in quotes, its quotes and escapes escaped.
    private mutating func section(_ content: [UInt8]) -> [UInt8] {
        var written = [dialect.quote]
        for (index, byte) in content.enumerated() {
            let next = index + 1 < content.count ? content[index + 1] : dialect.quote
            if needsEscape(byte, before: next) { written.append(dialect.escape) }
            written.append(byte)
        }
        return written + [dialect.quote]
    }

    /// An escape before any other byte is data, so that it need not be escaped itself.
    private mutating func needsEscape(_ byte: UInt8, before next: UInt8) -> Bool {
        if byte == dialect.quote { return true }
        guard byte == dialect.escape else { return false }
        return next == dialect.quote || next == dialect.escape || random.oneIn(2)
    }

    /// Quoted sections and bare text in turn. Sections must not touch: a quote behind a quote
    /// would be a doubled one.
    private mutating func toggled() -> Field {
        var field = Field(written: [], content: [], isQuoted: true)
        for number in 0..<random.number(in: 1...3) {
            let bare = number == 0 ? plainText() : plainText() + Array("-".utf8)
            let inside = anyText()
            field.written += bare + section(inside)
            field.content += bare + inside
        }
        let bare = plainText()
        return Field(written: field.written + bare, content: field.content + bare, isQuoted: true)
    }

    // MARK: Text

    private mutating func long() -> Field {
        let count = random.number(in: 1...(random.oneIn(4) ? 300_000 : 3_000))
        let piece = anyText() + Array("x".utf8)
        let text = Array(repeatElement(piece, count: count / piece.count + 1).joined())
        return quoted(text)
    }

    private mutating func endMarkerInLines() -> [UInt8] {
        let lineEnd = random.pick(["\n", "\r\n", "\r"])
        return Array(random.pick(["a", ""]).utf8) + Array("\(lineEnd)\\.\(lineEnd)b".utf8)
    }

    private static let words = [
        "a", "12", "x y", " ", "\t", "\\", "\\\\", "\\N", "\\.", "NULL", "#", "é", "日本", "😀",
        "\u{2028}", "\u{85}", "\u{B}", "\u{C}", "-", "=1+1", "\\x41", "1.5",
    ]
    private static let marks = [
        "\"", "\"\"", "'", ",", ";", "|", "\u{1}", "\n", "\r\n", "\r", "\\",
    ]

    private mutating func anyText() -> [UInt8] {
        text(of: Self.words + Self.marks + Self.marks)
    }

    /// Text that needs no quotes.
    private mutating func plainText() -> [UInt8] {
        text(of: Self.words).filter { !markup.contains($0) }
    }

    private mutating func text(of words: [String]) -> [UInt8] {
        (0..<random.number(in: 0...5)).flatMap { _ in Array(random.pick(words).utf8) }
    }
}
