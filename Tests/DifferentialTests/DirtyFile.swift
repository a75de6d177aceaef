import SluiceTestSupport

/// A CSV with bad records, and what reading alone has to say of them.
struct DirtyFile: Sendable {
    let bytes: [UInt8]
    let dialect: OracleDialect
    /// Where the header ends, or the lines that are skipped.
    let headEnd: Int
    let start: Int
    let entries: [OracleEntry]
    private let endsWithReturns: Bool

    /// - Parameter dirt: one value in so many is odd; 1: all are.
    init(
        _ table: DirtyTable, records count: Int, dirt: Int, collides: Bool,
        _ random: inout SeededRandom
    ) {
        var writer = DirtyWriter(table, dirt: dirt, collides: collides, &random)
        writer.writeHead(&random)
        headEnd = writer.bytes.count
        for number in 0..<count { writer.writeRecord(number, &random) }
        writer.writeEnd(ofRecords: count, &random)
        bytes = writer.bytes
        dialect = writer.dialect
        start = bytes.starts(with: DirtyWriter.byteOrderMark) ? 3 : 0
        endsWithReturns = writer.lineEnd == [0x0D]
        entries = readOracle(bytes, dialect: dialect, width: table.columns.count).entries
    }

    /// The entry's bytes, its line end included.
    func raw(_ entry: OracleEntry) -> ArraySlice<UInt8> {
        switch entry {
        case .reject(let start, let end, _, _, _, _): return bytes[start..<end]
        case .record(let start, let end, _, _):
            let rest = bytes[end...].prefix(3)
            for lineEnd in [[0x0D, 0x0D, 0x0A], [0x0D, 0x0A], [0x0A], [0x0D]] as [[UInt8]]
            where rest.starts(with: lineEnd) { return bytes[start..<end + lineEnd.count] }
            return bytes[start..<end]
        }
    }

    /// What the reject file has of it: a last line is ended; what was not held is not there.
    func kept(_ entry: OracleEntry) -> [UInt8] {
        if case .reject(_, _, _, _, _, omitted: true) = entry { return [] }
        let raw = raw(entry)
        let isEnded = raw.last == 0x0A || endsWithReturns && raw.last == 0x0D
        return raw + (isEnded ? [] : [endsWithReturns ? 0x0D : 0x0A])
    }
}

/// Writes a dirty file.
struct DirtyWriter {
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    let table: DirtyTable
    let dirt: Int
    let collides: Bool
    let dialect: OracleDialect
    let lineEnd: [UInt8]
    private(set) var bytes: [UInt8] = []

    init(
        _ table: DirtyTable, dirt: Int, collides: Bool, _ random: inout SeededRandom
    ) {
        self.table = table
        self.dirt = dirt
        self.collides = collides
        dialect = Self.dialect(&random)
        lineEnd = random.pick([[10], [10], [10], [13, 10], [13]])
    }

    private static func dialect(_ random: inout SeededRandom) -> OracleDialect {
        if random.oneIn(3) { return OracleDialect(hasHeader: true) }
        let quote = random.pick(Array("\"\"'".utf8))
        return OracleDialect(
            delimiter: random.pick(Array(",;\t|".utf8)), quote: quote,
            escape: random.oneIn(3) ? UInt8(ascii: "\\") : quote,
            quoting: random.pick([.standard, .standard, .lenient, .copy, .none]),
            null: random.pick([[], Array("\\N".utf8), Array("NULL".utf8)]),
            comment: random.oneIn(3) ? UInt8(ascii: "#") : nil,
            maxRecordBytes: random.oneIn(6) ? 600 : 16 << 20,
            skipLines: random.oneIn(4) ? 2 : 0, hasHeader: !random.oneIn(4))
    }

    // MARK: Head and end

    mutating func writeHead(_ random: inout SeededRandom) {
        if random.oneIn(6) { bytes += Self.byteOrderMark }
        for _ in 0..<dialect.skipLines { writeLine(Array("made by \"nobody".utf8)) }
        guard dialect.hasHeader else { return }
        if let comment = dialect.comment { writeLine([comment] + Array("a, \"b".utf8)) }
        if random.oneIn(4) { writeLine([]) }
        let names = table.columns.map { Array($0.name.utf8) }
        writeLine(Array(names.joined(separator: [dialect.delimiter])))
    }

    mutating func writeEnd(ofRecords count: Int, _ random: inout SeededRandom) {
        if random.oneIn(4), bytes.last == lineEnd.last { bytes.removeLast(lineEnd.count) }
        // In a header's last line it would be part of a name.
        if random.oneIn(12), count > 0 { bytes.append(0x1A) }
    }

    private mutating func writeLine(_ line: [UInt8]) {
        bytes += line + lineEnd
    }

    // MARK: Records

    mutating func writeRecord(_ number: Int, _ random: inout SeededRandom) {
        if random.oneIn(30), table.columns.count > 1 { writeLine([]) }
        if random.oneIn(30), let comment = dialect.comment { writeLine([comment]) }
        var fields = table.columns.map { field(value(of: $0, number, &random), &random) }
        // A lone CR among the first would be what ends lines.
        if random.oneIn(dirt == 1 ? 4 : dirt * 8) { ruin(&fields, mayReturn: number > 2, &random) }
        writeLine(Array(fields.joined(separator: [dialect.delimiter])))
    }

    private func value(
        of column: DirtyTable.Column, _ number: Int, _ random: inout SeededRandom
    ) -> String? {
        let record = number + 1_000
        if collides, column.key != .none, random.oneIn(dirt * 3) {
            return column.key.oddValue(record + random.number(in: -30...30), &random)
        }
        let odd = column.odd + (collides ? column.colliding : [])
        if random.oneIn(dirt), !odd.isEmpty { return random.pick(odd) }
        if random.oneIn(4), let value = column.key.oddValue(record, &random) { return value }
        return column.key.value(record) ?? random.pick(column.good)
    }

    /// Empty texts are NULL, in most columns.
    private func field(_ value: String?, _ random: inout SeededRandom) -> [UInt8] {
        guard let value, !value.isEmpty else { return dialect.null }
        let bytes = Array(value.utf8)
        guard dialect.quoting != .none else { return bytes }
        let marks = [0x0A, 0x0D, dialect.delimiter, dialect.quote, dialect.comment ?? 0x0A]
        let needsQuotes = bytes.contains { marks.contains($0) } || bytes == dialect.null
        guard needsQuotes || random.oneIn(6) else { return bytes }
        let escaped = bytes.flatMap {
            $0 == dialect.quote || $0 == dialect.escape ? [dialect.escape, $0] : [$0]
        }
        return [dialect.quote] + escaped + [dialect.quote]
    }

    private func ruin(
        _ fields: inout [[UInt8]], mayReturn: Bool, _ random: inout SeededRandom
    ) {
        let index = random.number(in: 0...fields.count - 1)
        let place = random.number(in: 0...fields[index].count)
        switch random.number(in: 1...8) {
        case 1: fields.append(Array("more".utf8))
        case 2: fields.removeLast()
        case 3: fields[index].insert(dialect.quote, at: 0)
        case 4: fields[index] = [dialect.quote, 0x61, dialect.quote, 0x62]
        case 5: fields[index].insert(random.pick([0xFF, 0xC3, 0xE2, 0x80]), at: place)
        case 6: fields[index].insert(0x00, at: place)
        case 7: fields[index].insert(mayReturn ? 0x0D : 0xF0, at: place)
        default: fields[index] += Array(String(repeating: "x", count: 700).utf8)
        }
    }
}
