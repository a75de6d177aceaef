/// Any bytes, but of an alphabet in which most mean something.
package struct AnyBytes: Sendable {
    package var bytes: [UInt8]
    package var dialect: OracleDialect
    package var width: Int
}

/// Generators of inputs that a CSV reader gets wrong.
package enum HostileCSV {
    /// Up to about 200 bytes with a random dialect. A third are noise; the others are lines of
    /// fields with a few bytes changed, which reach deeper into recovery.
    package static func anyBytes(_ random: inout SeededRandom) -> AnyBytes {
        let dialect = anyDialect(&random)
        let width = random.pick([1, 2, 2, 3, 3, 4])
        let alphabet = Alphabet(dialect, &random)
        var bytes =
            random.oneIn(3)
            ? noise(alphabet, &random) : mutatedLines(alphabet, width: width, &random)
        if random.oneIn(20) { bytes = [0xEF, 0xBB, 0xBF] + bytes }
        if random.oneIn(12) { bytes.append(0x1A) }
        return AnyBytes(bytes: bytes, dialect: dialect, width: width)
    }

    private static func anyDialect(_ random: inout SeededRandom) -> OracleDialect {
        let quote = random.pick(Array("\"\"\"'".utf8))
        return OracleDialect(
            delimiter: random.oneIn(60) ? 0x1A : random.pick(Array(",,,;\t| ".utf8)),
            quote: quote,
            escape: random.oneIn(3) ? UInt8(ascii: "\\") : quote,
            quoting: random.pick([.standard, .standard, .standard, .lenient, .copy, .none]),
            null: random.pick([[], [], Array("a".utf8), Array("\\N".utf8)]),
            comment: random.oneIn(4) ? UInt8(ascii: "#") : nil,
            maxRecordBytes: random.oneIn(3) ? random.number(in: 1...40) : 1 << 20,
            skipLines: random.oneIn(6) ? random.number(in: 1...3) : 0,
            hasHeader: random.oneIn(4))
    }

    private static func noise(_ alphabet: Alphabet, _ random: inout SeededRandom) -> [UInt8] {
        let length = random.oneIn(2) ? random.number(in: 0...24) : random.number(in: 0...200)
        var bytes: [UInt8] = []
        while bytes.count < length { bytes += alphabet.symbol(&random) }
        return bytes
    }

    // MARK: Lines with faults

    private static func mutatedLines(
        _ alphabet: Alphabet, width: Int, _ random: inout SeededRandom
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<random.number(in: 1...9) where bytes.count < 180 {
            bytes += line(alphabet, width: width, &random)
        }
        if random.oneIn(3), !bytes.isEmpty { bytes.removeLast() }
        for _ in 0..<random.pick([0, 1, 1, 1, 2, 3]) where !bytes.isEmpty {
            mutate(&bytes, alphabet, &random)
        }
        return bytes
    }

    private static func line(
        _ alphabet: Alphabet, width: Int, _ random: inout SeededRandom
    ) -> [UInt8] {
        if random.oneIn(15) { return alphabet.lineEnd(&random) }
        if random.oneIn(10), let comment = alphabet.comment {
            return [comment] + field(alphabet, &random) + alphabet.lineEnd(&random)
        }
        let count = random.oneIn(20) ? random.number(in: 1...5) : width
        let fields = (0..<count).map { _ in field(alphabet, &random) }
        return Array(fields.joined(separator: [alphabet.delimiter])) + alphabet.lineEnd(&random)
    }

    private static func field(_ alphabet: Alphabet, _ random: inout SeededRandom) -> [UInt8] {
        let text = (0..<random.number(in: 0...2)).flatMap { _ in alphabet.plain(&random) }
        guard random.oneIn(alphabet.quotedOdds) else { return text }
        switch random.number(in: 1...3) {
        case 1: return [alphabet.quote] + text + [alphabet.quote]
        case 2:
            let inside = text + alphabet.lineEnd(&random) + alphabet.plain(&random)
            return [alphabet.quote] + inside + [alphabet.quote]
        default:
            let inside = text + [alphabet.delimiter, alphabet.escape, alphabet.quote]
            return [alphabet.quote] + inside + [alphabet.quote]
        }
    }

    private static func mutate(
        _ bytes: inout [UInt8], _ alphabet: Alphabet, _ random: inout SeededRandom
    ) {
        let index = random.number(in: 0...bytes.count - 1)
        switch random.number(in: 1...6) {
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(contentsOf: alphabet.symbol(&random), at: index)
        case 3: bytes.insert(alphabet.quote, at: index)
        default:
            // An opening quote that never closes: the fault that recovery is for.
            let start = bytes[index...].firstIndex { $0 == alphabet.delimiter || $0 == 0x0A }
            bytes.insert(alphabet.quote, at: start.map { $0 + 1 } ?? index)
        }
    }
}

/// What an input of `HostileCSV.anyBytes` is made of.
private struct Alphabet {
    let delimiter: UInt8
    let quote: UInt8
    let escape: UInt8
    let comment: UInt8?
    /// One field in so many is quoted. Only lines without quotes can be recovered.
    let quotedOdds: Int
    /// One style for most inputs: if every input had lone CRs, few of its records were well formed.
    private let lineEnds: [[UInt8]]
    private let symbols: [(weight: Int, [UInt8])]

    init(_ dialect: OracleDialect, _ random: inout SeededRandom) {
        delimiter = dialect.delimiter
        quote = dialect.quote
        escape = dialect.escape
        comment = dialect.comment
        quotedOdds = random.pick([2, 5, 30, 1_000])
        let lineEnds: [[UInt8]] = random.pick([
            [[0x0A]], [[0x0A]], [[0x0A]], [[0x0D, 0x0A]], [[0x0D]],
            [[0x0A], [0x0D, 0x0A]],
            [[0x0A], [0x0D], [0x0D, 0x0A], [0x0D, 0x0D, 0x0A]],
        ])
        let marks: [(Int, [UInt8])] = [
            (6, [delimiter]), (8, [quote]), (2, [escape]), (1, [0x0A]), (1, [0x0D]), (1, [0x1A]),
            (1, [dialect.comment ?? UInt8(ascii: "#")]),
        ]
        let texts: [(Int, [UInt8])] = [
            (2, [0x20]), (1, [0x09]), (3, Array("a".utf8)), (3, Array("b".utf8)),
            (3, Array("1".utf8)), (1, Array("\\".utf8)), (1, Array(".".utf8)),
            (1, Array("é".utf8)),
        ]
        self.lineEnds = lineEnds
        let rarities: [(Int, [UInt8])] = random.oneIn(8) ? [(1, [0x00]), (1, [0xFF])] : []
        symbols = marks + texts + rarities + lineEnds.map { (weight: 4 / lineEnds.count, $0) }
    }

    func symbol(_ random: inout SeededRandom) -> [UInt8] {
        random.pick(weighted: symbols)
    }

    func lineEnd(_ random: inout SeededRandom) -> [UInt8] {
        random.pick(lineEnds)
    }

    /// Text without markup.
    func plain(_ random: inout SeededRandom) -> [UInt8] {
        Array(random.pick(["a", "b", "1", "ab", "é", "."]).utf8)
    }
}
