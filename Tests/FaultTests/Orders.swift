import SluiceTestSupport

/// A CSV file from a seed, of which it is known what must become of every record.
struct Orders: Sendable {
    static let header = "id,amount,note,placed\n"
    static let columns =
        "id bigint NOT NULL, amount numeric(12,2) CHECK (amount < 1000000), note text, "
        + "placed timestamp"

    /// All records, under a header.
    private(set) var file = Array(Self.header.utf8)
    /// The good ones, under a header.
    private(set) var good = Array(Self.header.utf8)
    /// What the reject file has to be.
    private(set) var rejects = Array(Self.header.utf8)
    private(set) var recordCount = 0
    private(set) var goodCount = 0
    /// Of the record with this index, which is its id less 1: its lines in the file, from 1.
    private(set) var lines: [ClosedRange<Int>] = []

    var rejectCount: Int { recordCount - goodCount }

    /// No value is a key: a row that is loaded twice is there twice.
    ///
    /// - Parameter badIn: one in so many records is to be rejected; nil: none.
    init(seed: UInt64, records: Int, badIn: Int? = nil) {
        var random = SeededRandom(seed: seed)
        var nextLine = 2
        for id in 1...records {
            let isBad = badIn.map { random.oneIn($0) } ?? false
            let record = isBad ? Self.bad(id, &random) : Self.good(id, &random)
            append(record, isBad: isBad)
            let breaks = record.count { $0 == UInt8(ascii: "\n") }
            lines.append(nextLine...nextLine + breaks - 1)
            nextLine += breaks
        }
    }

    private mutating func append(_ record: [UInt8], isBad: Bool) {
        file += record
        recordCount += 1
        if isBad { rejects += record } else { good += record }
        if !isBad { goodCount += 1 }
    }

    private static func good(_ id: Int, _ random: inout SeededRandom) -> [UInt8] {
        let note = random.pick([
            "plain", "", "\"comma, inside\"", "\"two\nlines\"", "\"a \"\"quote\"\"\"", "tab\there",
            String(repeating: "long ", count: random.number(in: 1...20)), "\"\"", "Ünïcode",
        ])
        return Array("\(id),\(amount(&random)),\(note),\(moment(&random))\n".utf8)
    }

    /// By shape, encoding, value and constraint.
    private static func bad(_ id: Int, _ random: inout SeededRandom) -> [UInt8] {
        switch random.number(in: 1...5) {
        case 1: Array("\(id),1,too,2026-01-01,many\n".utf8)
        case 2: Array("\(id),1,".utf8) + [0xFF, 0xFE] + Array(",2026-01-01\n".utf8)
        case 3: Array("\(id),\"12,50\",\"a\nvalue\",\(moment(&random))\n".utf8)
        case 4: Array("\(id),5000000,constraint,\(moment(&random))\n".utf8)
        default: Array("\(id),1,when,2026-13-\(random.number(in: 1...28))\n".utf8)
        }
    }

    private static func amount(_ random: inout SeededRandom) -> String {
        let cents = random.number(in: 0...99)
        return "\(random.number(in: -999...99_999)).\(cents < 10 ? "0" : "")\(cents)"
    }

    private static func moment(_ random: inout SeededRandom) -> String {
        let parts = [12, 28].map { random.number(in: 10...max(10, $0)) }
        return "20\(random.number(in: 10...26))-\(parts[0])-\(parts[1]) "
            + "\(random.number(in: 10...23)):\(random.number(in: 10...59)):00"
    }
}
