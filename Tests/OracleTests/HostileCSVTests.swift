import SluiceTestSupport
import Testing

@Suite("Hostile CSV")
struct HostileCSVTests {
    @Test(arguments: 0..<UInt64(20))
    func `any bytes: entries stand in order and do not overlap`(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<250 {
            let input = HostileCSV.anyBytes(&random)
            let result = readOracle(input.bytes, dialect: input.dialect, width: input.width)
            var position = 0
            for entry in result.entries {
                #expect(position <= entry.start && entry.start <= entry.end)
                position = entry.end
            }
            #expect(position <= input.bytes.count)
        }
    }

    @Test(arguments: 0..<UInt64(20))
    func `any bytes: each line is passed over or begins in one entry`(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<250 {
            var input = HostileCSV.anyBytes(&random)
            // LF alone, so that lines can be counted without the oracle.
            input.bytes.removeAll { $0 == 0x0D || $0 == 0x1A }
            input.dialect.hasHeader = false
            let result = readOracle(input.bytes, dialect: input.dialect, width: input.width)
            let passed = lineStarts(input.bytes).count { start in
                !result.entries.contains { $0.start == start || ($0.start..<$0.end) ~= start }
            }
            #expect(passed == result.linesPassed, "\(input)")
        }
    }

    /// The reader fails in one place only if the generator reaches it.
    @Test
    func `any bytes reach every kind of fault and recovery`() {
        var random = SeededRandom(seed: 1)
        var reached: [String: Int] = [:]
        for _ in 0..<4_000 {
            let input = HostileCSV.anyBytes(&random)
            let result = readOracle(input.bytes, dialect: input.dialect, width: input.width)
            for entry in result.entries { reached[name(of: entry), default: 0] += 1 }
            reached["recovered", default: 0] += result.recovered
            reached["header fault", default: 0] += result.headerFault == nil ? 0 : 1
        }
        let names = [
            "record", "width", "textAfterQuote", "unclosedQuote", "unclosedQuote omitted",
            "loneCarriageReturn", "loneCarriageReturn omitted", "tooLong omitted", "recovered",
            "header fault",
        ]
        for name in names { #expect(reached[name, default: 0] >= 40, "\(name) in \(reached)") }
    }

    @Test(arguments: 0..<UInt64(20), [false, true])
    func `copyable: the oracle reads the rows that were written`(
        _ seed: UInt64, _ insideQuotes: Bool
    ) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<10 {
            let csv = HostileCSV.copyable(
                &random, insideQuotes: insideQuotes, bareEndMarker: true)
            let result = readOracle(csv.bytes, dialect: csv.dialect, width: csv.columns.count)
            let names = csv.columns.map { Array($0.utf8) }
            #expect(result.header == (csv.dialect.hasHeader ? names : nil))
            #expect(result.entries.map { values(of: $0, in: csv) } == csv.rows)
            #expect(result.linesPassed == 0)
        }
    }

    @Test
    func `the same seed makes the same input`() {
        var first = SeededRandom(seed: 7)
        var second = SeededRandom(seed: 7)
        for _ in 0..<20 {
            #expect(HostileCSV.anyBytes(&first).bytes == HostileCSV.anyBytes(&second).bytes)
            #expect(HostileCSV.copyable(&first).bytes == HostileCSV.copyable(&second).bytes)
        }
    }

    private func lineStarts(_ bytes: [UInt8]) -> [Int] {
        let first = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let others = bytes.indices.filter { bytes[$0] == 0x0A }.map { $0 + 1 }
        return ([first] + others).filter { $0 < bytes.count }
    }

    private func name(of entry: OracleEntry) -> String {
        guard case .reject(_, _, _, _, let kind, let omitted) = entry else { return "record" }
        return "\(kind)".prefix { $0 != "(" } + (omitted ? " omitted" : "")
    }

    private func values(of entry: OracleEntry, in csv: CopyableCSV) -> [[UInt8]?] {
        guard case .record(_, _, _, let fields) = entry else { return [] }
        return fields.indices.map {
            fields[$0].value(
                null: csv.dialect.null, forceNull: csv.forceNull.contains($0),
                forceNotNull: csv.forceNotNull.contains($0))
        }
    }
}
