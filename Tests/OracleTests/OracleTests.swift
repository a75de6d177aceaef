import SluiceTestSupport
import Testing

@Suite("The oracle reads as CSV.md says")
struct OracleTests {
    @Test("recovery: the table of CSV.md", arguments: Reading.recoveryTable)
    func recoveryTable(_ reading: Reading) {
        #expect(reading.summary == reading.expected)
    }

    @Test("lines, header and line ends", arguments: Reading.lines)
    func lines(_ reading: Reading) {
        #expect(reading.summary == reading.expected)
    }

    @Test("quoting", arguments: Reading.quoting)
    func quoting(_ reading: Reading) {
        #expect(reading.summary == reading.expected)
    }

    @Test("the limit of bytes", arguments: Reading.limits)
    func limits(_ reading: Reading) {
        #expect(reading.summary == reading.expected)
    }

    @Test("faults are named and counted", arguments: Reading.faults)
    func faults(_ reading: Reading) {
        #expect(reading.faultSummary == reading.expected)
    }

    @Test
    func `an open quote before a long clean rest rejects its own line only`() {
        let clean = (4...5_000).map { "\($0),b\n" }.joined()
        let input = "1,a\n2,b\n3,\"c\n" + clean
        let reading = Reading("", input, width: 2, dialect: .init(maxRecordBytes: 1_000), [])
        let loaded = ([1, 2] + Array(4...5_000)).map { "load \($0)" }
        #expect(reading.summary == loaded.prefix(2) + ["reject 3"] + loaded.dropFirst(2))
    }

    @Test
    func `a ragged line within the limit makes one reject of about the limit`() throws {
        let rest = (4...500).map { $0 == 20 ? "20\n" : "\($0),b\n" }.joined()
        let result = readOracle(
            Array(("1,a\n2,b\n3,\"c\n" + rest).utf8), dialect: .init(maxRecordBytes: 1_000),
            width: 2)
        let rejects = result.entries.filter(\.isReject)
        try #require(rejects.count == 1)
        #expect((980...1_000).contains(rejects[0].end - rejects[0].start))
        #expect(result.entries.count > 300)
    }

    @Test
    func `every line with an open quote is one reject`() {
        let input = String(repeating: "1,\"x\",\"y\n", count: 500)
        let reading = Reading("", input, width: 3, [])
        #expect(reading.summary == (1...500).map { "reject \($0)" })
    }
}

/// An input and what the oracle makes of it, in a short notation.
struct Reading: Sendable, CustomTestStringConvertible {
    var name: String
    var input: String
    var width: Int
    var dialect: OracleDialect
    var expected: [String]

    init(
        _ name: String, _ input: String, width: Int, dialect: OracleDialect = .init(),
        _ expected: [String]
    ) {
        self.name = name
        self.input = input
        self.width = width
        self.dialect = dialect
        self.expected = expected
    }

    var testDescription: String { name }

    var result: OracleResult {
        readOracle(Array(input.utf8), dialect: dialect, width: width)
    }

    /// `load 3` is the record whose first field is 3; `reject 1-2` names the lines; `[a|'b']` has
    /// all fields, if there is one without a digit. Quoted fields stand in single quotes.
    var summary: [String] {
        let result = result
        var lines: [String] = []
        if let header = result.header { lines.append("header \(header.map(text))") }
        if let fault = result.headerFault { lines.append("header fault \(fault.faultLine)") }
        return lines + result.entries.map(summary)
    }

    /// The same for tests of faults: kind, line of the fault, and the counts.
    var faultSummary: [String] {
        let result = result
        return result.entries.map { entry in
            guard case .reject(_, _, _, let line, let kind, let omitted) = entry else {
                return summary(entry)
            }
            return "\(kind) at \(line)" + (omitted ? ", omitted" : "")
        } + ["passed \(result.linesPassed), recovered \(result.recovered)"]
    }

    private func summary(_ entry: OracleEntry) -> String {
        switch entry {
        case .record(_, _, let line, let fields):
            if fields[0].bytes.allSatisfy({ (0x30...0x39).contains($0) }), !fields[0].bytes.isEmpty
            {
                return "load \(text(fields[0].bytes))"
            }
            let list = fields.map { $0.isQuoted ? "'\(text($0.bytes))'" : text($0.bytes) }
            return "\(line): [\(list.joined(separator: "|"))]"
        case .reject(let start, let end, let line, _, _, let omitted):
            let last = line + lineBreaks(start, end) - 1
            return "reject \(line)" + (last > line ? "-\(last)" : "") + (omitted ? " omitted" : "")
        }
    }

    /// The lines in the range, for inputs whose rejects have no lone CR as a line end.
    private func lineBreaks(_ start: Int, _ end: Int) -> Int {
        let bytes = Array(input.utf8)[start..<end]
        return bytes.count { $0 == 0x0A } + (bytes.last == 0x0A ? 0 : 1)
    }

    private func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
            .map { ["\n": "⏎", "\r": "␍", "\r\n": "␍⏎"][$0] ?? String($0) }.joined()
    }
}

extension OracleEntry {
    var isReject: Bool {
        if case .reject = self { true } else { false }
    }

    var start: Int {
        switch self {
        case .record(let start, _, _, _), .reject(let start, _, _, _, _, _): start
        }
    }

    var end: Int {
        switch self {
        case .record(_, let end, _, _), .reject(_, let end, _, _, _, _): end
        }
    }
}
