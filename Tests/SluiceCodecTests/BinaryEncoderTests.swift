@testable import SluiceCodec
import SluiceTestSupport
import Testing

@Suite struct BinaryEncoderTests {
    private static let types: [BinaryType?] = [.int4, .text, nil, .bool]

    @Test func `records become tuples between a header and a trailer`() {
        let encoded = BinaryEncoded(lines: ["1,ab,x,t", "-1,,,\"f\""], types: Self.types)
        let wanted =
            BinaryEncoded.header.hex + "0003" + "00000004" + "00000001" + "00000002" + "6162"
            + "00000001" + "01" + "0003" + "00000004" + "ffffffff" + "ffffffff" + "00000001" + "00"
            + "ffff"
        #expect(encoded.bytes.hex == wanted)
        #expect(encoded.unsure.isEmpty)
    }

    @Test func `no records are a header and a trailer`() {
        let encoded = BinaryEncoded(lines: [], types: Self.types, slack: 0)
        #expect(encoded.bytes == BinaryEncoded.header + [0xFF, 0xFF])
    }

    @Test func `a record with a value that is not sure leaves no byte behind`() {
        let lines = ["x,a,,t", "1,a,,t", "2,b,,maybe", "3,\"c\",,f", "4,d,,2"]
        let encoded = BinaryEncoded(lines: lines, types: Self.types)
        #expect(encoded.unsure == [0, 2, 4])
        let sure = BinaryEncoded(lines: [lines[1], lines[3]], types: Self.types)
        #expect(encoded.bytes == sure.bytes)
    }

    @Test(arguments: [200, 1_000, 262_144])
    func `a record's place is an int8 before its fields, whatever the piece`(length: Int) {
        let lines = (0..<200).map { $0 % 7 == 3 ? "x\($0),,,t" : "\($0),text \($0),,t" }
        let base = 1 << 40
        let plain = BinaryEncoded(lines: lines, types: Self.types)
        let placed = BinaryEncoded(
            lines: lines, types: Self.types, pieceLength: length, slack: 0, offsetBase: base)
        #expect(placed.unsure == plain.unsure)
        let starts = lines.indices.map { lines[..<$0].reduce(0) { $0 + $1.utf8.count + 1 } }
        let sure = starts.enumerated().filter { $0.offset % 7 != 3 }.map(\.element)
        let wanted = zip(sure, plain.tuples ?? []).map { start, tuple in
            [(0..<8).map { UInt8(truncatingIfNeeded: (base + start) >> (56 - 8 * $0)) }] + tuple
        }
        #expect(wanted.count == 171)
        #expect(placed.tuples == wanted)
    }

    @Test func `quoting is taken out of every type`() {
        var dialect = Dialect()
        var encoded = BinaryEncoded(
            lines: ["\"12\",\"a\"\"b\",,\"t\"", "\"1\"\"2\",a,,t"], types: Self.types)
        #expect(encoded.tuples == [[[0, 0, 0, 12], Array("a\"b".utf8), [1]]])
        #expect(encoded.unsure == [1])

        dialect.quoting = .copy
        encoded = BinaryEncoded(
            lines: ["1\"2\"3,a\"b,\"c,,\"t\"\"\""], dialect: dialect, types: Self.types)
        #expect(encoded.unsure == [0])
        encoded = BinaryEncoded(
            lines: ["1\"2\"3,a\"b,\"c,,\"\"t"], dialect: dialect, types: Self.types)
        #expect(encoded.tuples == [[[0, 0, 0, 123], Array("ab,c".utf8), [1]]])

        dialect.escape = .backslash
        encoded = BinaryEncoded(
            lines: ["\"1\",\"a\\\"b\\\\\",,\"t\""], dialect: dialect,
            types: [.int4, .jsonb, nil, .bool])
        #expect(encoded.unsure == [0])
        encoded = BinaryEncoded(
            lines: ["\"1\",\"{\\\"a\\\":1}\",,\"t\""], dialect: dialect,
            types: [.int4, .jsonb, nil, .bool])
        #expect(encoded.tuples == [[[0, 0, 0, 1], [1] + Array("{\"a\":1}".utf8), [1]]])
    }

    @Test func `NULL is as the dialect and the field say`() {
        var dialect = Dialect(null: Array("NA".utf8))
        let fields = [
            FieldEncoding(), FieldEncoding(forcesNull: true), FieldEncoding(forcesNotNull: true),
        ]
        let types: [BinaryType?] = [.text, .text, .text]
        let na = Array("NA".utf8)
        var encoded = BinaryEncoded(
            lines: ["NA,NA,NA", "\"NA\",\"NA\",\"NA\"", ",,"], dialect: dialect, fields: fields,
            types: types)
        #expect(encoded.tuples == [[nil, nil, na], [na, nil, na], [[], [], []]])
        dialect.null = []
        encoded = BinaryEncoded(
            lines: [",,", "\"\",\"\",\"\""], dialect: dialect, fields: fields, types: types)
        #expect(encoded.tuples == [[nil, nil, []], [[], nil, []]])
    }

    @Test func `what is not UTF-8 leaves out its record, and no other`() {
        var lines = (0..<2_000).map { Array("\($0),é,,t".utf8) }
        lines[3] = Array("3,".utf8) + [0xC3] + Array(",,t".utf8)
        lines[500] = Array("500,a\u{0},,t".utf8)
        lines[1_999] = Array("1999,".utf8) + [0xED, 0xA0, 0x80] + Array(",,t".utf8)
        var (input, records): ([UInt8], [RecordBounds]) = ([], [])
        for line in lines {
            records.append(RecordBounds(input.count, input.count + line.count))
            input += line + [.lineFeed]
        }
        let encoded = BinaryEncoded(input, records, types: Self.types)
        #expect(encoded.unsure == [3, 500, 1_999])
        #expect(encoded.tuples?.count == 1_997)
    }

    /// All fields are kept, unlike in `types`: then they are written as they are found.
    static let keptTypes: [BinaryType?] = [.int4, .text, .text, .bool]

    @Test(arguments: [types, keptTypes], ["é", "€", "😀"])
    func `a character is one wherever it stands in a record`(
        types: [BinaryType?], character: String
    ) {
        for place in 0..<200 {
            let text = String(repeating: "x", count: place) + character + character
            let whole = Array("1,\(text),,t".utf8)
            let cut = whole.dropLast(4) + Array(",,t".utf8)
            let records = [
                RecordBounds(0, whole.count),
                RecordBounds(whole.count, whole.count + cut.count),
            ]
            let encoded = BinaryEncoded(whole + cut, records, types: types)
            #expect(encoded.unsure == [1], "at \(place)")
            #expect(encoded.tuples?.first?[1] == Array(text.utf8), "at \(place)")
        }
    }

    @Test(arguments: [types, keptTypes])
    func `doubled quotes are one wherever they stand in a field`(types: [BinaryType?]) {
        for place in 0..<200 {
            let before = String(repeating: "x", count: place)
            let behind = String(repeating: "y", count: 70)
            let line = "1,\"\(before)\"\"\"\"z\"\"\(behind)\"\"\",,t"
            let encoded = BinaryEncoded(lines: [line], types: types)
            let wanted = Array("\(before)\"\"z\"\(behind)\"".utf8)
            #expect(encoded.tuples?.first?[1] == wanted, "at \(place)")
        }
    }

    @Test func `a quoted field may follow plain ones in any place`() {
        for place in 0..<200 {
            let plain =
                String(repeating: "é", count: place % 3) + String(repeating: "x", count: place)
            let encoded = BinaryEncoded(
                lines: ["1,\(plain),\"a,\"\"é\",t", "2,\(plain),\"b\",x", "3,\(plain),\"c\",f"],
                types: Self.keptTypes)
            let plainBytes = Array(plain.utf8)
            let wanted: [[[UInt8]?]] = [
                [[0, 0, 0, 1], plainBytes.isEmpty ? nil : plainBytes, Array("a,\"é".utf8), [1]],
                [[0, 0, 0, 3], plainBytes.isEmpty ? nil : plainBytes, Array("c".utf8), [0]],
            ]
            #expect(encoded.tuples == wanted && encoded.unsure == [1], "at \(place)")
        }
    }

    @Test func `what is not UTF-8 leaves out its record, before quotes and behind them`() {
        for place in 0..<200 {
            let padding = [UInt8](repeating: UInt8(ascii: "x"), count: place)
            let before = Array("1,".utf8) + padding + [0xC3] + Array(",\"a\",t".utf8)
            let behind = Array("1,".utf8) + padding + Array(",\"a".utf8) + [0] + Array("\",t".utf8)
            let good = Array("1,".utf8) + padding + Array(",\"a\",t".utf8)
            let (second, third) = (before.count, before.count + behind.count)
            let encoded = BinaryEncoded(
                before + behind + good,
                [
                    RecordBounds(0, second), RecordBounds(second, third),
                    RecordBounds(third, third + good.count),
                ], types: Self.keptTypes)
            #expect(encoded.unsure == [0, 1], "at \(place)")
        }
    }

    @Test(arguments: [[nil, nil], [.int4, nil], [nil, .int4]] as [[BinaryType?]])
    func `what is not UTF-8 leaves out its record where no column takes it`(
        types: [BinaryType?]
    ) {
        let lines = [Array("1,2".utf8), [0xC3, 0x2C, 0x31], [0x31, 0x2C, 0xC3]]
        let records = [RecordBounds(0, 3), RecordBounds(3, 6), RecordBounds(6, 9)]
        let encoded = BinaryEncoded(Array(lines.joined()), records, types: types)
        #expect(encoded.unsure == [1, 2])
    }

    @Test func `a record too long for a piece is for the text lane`() {
        let lines = ["1,a,,t", "2,\(String(repeating: "x", count: 5_000)),,t", "3,b,,f"]
        let encoded = BinaryEncoded(lines: lines, types: Self.types, pieceLength: 1_024)
        #expect(encoded.unsure == [1])
        #expect(encoded.tuples?.count == 2)
        #expect(BinaryEncoded(lines: lines, types: Self.types).unsure == [])
    }

    @Test func `pieces are cut between records, and make up the same bytes`() {
        let lines = (0..<300).map { index in
            "\(index),\(String(repeating: "é", count: index % 50)),,\(index % 7 == 0 ? "?" : "t")"
        }
        let whole = BinaryEncoded(lines: lines, types: Self.types)
        for pieceLength in [400, 401, 500, 1_000, 4_096] {
            let encoded = BinaryEncoded(lines: lines, types: Self.types, pieceLength: pieceLength)
            #expect(encoded.bytes == whole.bytes)
            #expect(encoded.unsure == whole.unsure)
            var end = 0
            for piece in encoded.pieces.dropLast() {
                end += piece
                // The next record's count of fields.
                #expect(encoded.bytes[end..<end + 2] == [0, 3] || encoded.bytes[end] == 0xFF)
            }
        }
    }

    @Test func `nothing behind the records is taken for a part of them`() {
        let lines = ["12345678,\(String(repeating: "y", count: 70)),,t", "1,a,,t", "7,,,f"]
        let padded = BinaryEncoded(lines: lines, types: Self.types)
        for slack in [0, 1, 63, 64, 65] {
            let encoded = BinaryEncoded(lines: lines, types: Self.types, slack: slack)
            #expect(encoded.bytes == padded.bytes)
        }
    }

    @Test func `begin starts afresh`() {
        var encoder = BinaryEncoder(
            layout: RecordLayout(dialect: Dialect(), fields: [FieldEncoding()]), types: [.int2])
        let (input, records) = (Array("5".utf8), [RecordBounds(0, 1)])
        func encode() -> [UInt8] {
            var piece = [UInt8](repeating: 0, count: 200)
            var unsure: [UInt32] = []
            let written = records.withUnsafeBufferPointer { records in
                input.withUnsafeBytes { input in
                    piece.withUnsafeMutableBytes {
                        encoder.encode(records, of: input, into: $0, unsure: &unsure).written
                    }
                }
            }
            return Array(piece[..<written])
        }
        let first = encode()
        encoder.begin()
        #expect(first.count == 29 && encode() == first)
    }

    @Test func `fields of any dialect arrive as they are read elsewhere`() {
        let seed = TestSettings.seed
        var random = SeededRandom(seed: seed)
        for round in 0..<TestSettings.files {
            let csv = HostileCSV.copyable(&random, insideQuotes: random.oneIn(3))
            let dialect = Dialect(csv.dialect)
            let (records, values) = readAll(csv)
            let drops = random.oneIn(2)
            let isDropped = csv.columns.map { _ in drops && random.oneIn(4) }
            let wanted = values.map { zip($0, isDropped).filter { !$1 }.map(\.0) }
            let encoded = BinaryEncoded(
                csv.bytes, records, dialect: dialect,
                types: isDropped.map { $0 ? nil : .text },
                pieceLength: random.pick([8_192, 262_144]), slack: random.pick([0, 64]))
            let unsure = Set(encoded.unsure.map(Int.init))
            let sure = wanted.indices.filter { !unsure.contains($0) }.map { wanted[$0] }
            guard encoded.tuples == sure else {
                Issue.record("seed \(seed), round \(round), \(dialect)")
                return
            }
            let tooLong = records.filter { $0.end - $0.start > 7_000 }.count
            #expect(encoded.unsure.count <= tooLong)
        }
    }

    /// The records of a file and their fields, as the scanner and `fieldValues` read them.
    private func readAll(_ csv: CopyableCSV) -> ([RecordBounds], [[[UInt8]?]]) {
        var scanner = RecordScanner(
            dialect: Dialect(csv.dialect), width: csv.columns.count, hasHeader: false, skipLines: 0,
            recovers: false)
        scanner.begin(at: 0)
        var records: [RecordBounds] = []
        var storage = [RecordBounds](repeating: .none, count: 100_000)
        storage.withUnsafeMutableBufferPointer { storage in
            var index = RecordIndex(bounds: storage)
            _ = csv.bytes.withUnsafeBytes { scanner.scan($0, isFinal: true, into: &index) }
            records = Array(index.records)
        }
        let dialect = Dialect(csv.dialect)
        let values = csv.bytes.withUnsafeBytes { bytes in
            records.map { record in
                fieldValues(of: record, in: bytes, width: csv.columns.count, dialect: dialect).map {
                    !$0.isQuoted && $0.bytes == dialect.null ? nil : $0.bytes
                }
            }
        }
        return (records, values)
    }
}
