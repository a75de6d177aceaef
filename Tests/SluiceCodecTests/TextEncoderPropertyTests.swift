import SluiceCodec
import SluiceTestSupport
import Testing

@Suite("Property: COPY text says what the file says")
struct TextEncoderPropertyTests {
    @Test("the values that the generator meant, in pieces of any length")
    func values() {
        let seed = TestSettings.seed
        var random = SeededRandom(seed: seed)
        for round in 0..<TestSettings.files * 10 {
            let csv = HostileCSV.copyable(&random, insideQuotes: random.oneIn(3))
            let piece = random.pick([3, 4, 5, 17, 64, 1_000, 1 << 20])
            let dropped = random.oneIn(3) ? [random.number(in: 0...csv.columns.count - 1)] : []
            let wanted = csv.rows.map { row in
                row.indices.filter { !dropped.contains($0) }.map { row[$0] }
            }
            let found = decodeCopyText(
                encode(csv, piece: piece, dropped: Set(dropped), slack: random.pick([0, 64])).text)
            guard dropped.count < csv.columns.count, found != wanted else { continue }
            Issue.record("seed \(seed), round \(round), piece \(piece): \(csv.bytes.escaped)")
            return
        }
    }

    @Test("a prefix is a column more, and changes no other")
    func prefixes() {
        var random = SeededRandom(seed: TestSettings.seed)
        for _ in 0..<TestSettings.files {
            let csv = HostileCSV.copyable(&random, insideQuotes: random.oneIn(3))
            let plain = encode(csv, piece: 1 << 20, dropped: [], slack: 64)
            let numbers = plain.records.indices.map { UInt32($0 * 7) }
            let base = random.number(in: 0...1 << 40)
            for (prefix, values) in [
                (RecordPrefix.numbers(numbers), numbers.map { "\($0)" }),
                (.offsets(base: base), plain.records.map { "\(base + Int($0.start))" }),
            ] {
                let piece = random.pick([20, 21, 64, 1_000])
                let found = decodeCopyText(
                    encode(csv, piece: piece, dropped: [], slack: 64, prefix).text)
                let wanted = zip(values, decodeCopyText(plain.text)).map { [Array($0.utf8)] + $1 }
                #expect(found == wanted, "piece \(piece): \(csv.bytes.escaped)")
            }
        }
    }

    private func encode(
        _ csv: CopyableCSV, piece: Int, dropped: Set<Int>, slack: Int,
        _ prefix: RecordPrefix = .none
    ) -> (text: [UInt8], records: [RecordBounds]) {
        let dialect = Dialect(csv.dialect)
        var scanner = RecordScanner(
            dialect: dialect, width: csv.columns.count, hasHeader: csv.dialect.hasHeader,
            recovers: false)
        var encoder = TextEncoder(
            layout: RecordLayout(
                dialect: dialect,
                fields: csv.columns.indices.map { column in
                    FieldEncoding(
                        isDropped: dropped.contains(column),
                        forcesNull: csv.forceNull.contains(column),
                        forcesNotNull: csv.forceNotNull.contains(column))
                }), prefix: prefix)
        var bounds = [RecordBounds](repeating: .none, count: csv.rows.count + 1)
        return bounds.withUnsafeMutableBufferPointer { bounds in
            // As in a slot, there may be more bytes behind the input.
            (csv.bytes + [UInt8](repeating: 0, count: slack)).withUnsafeBytes { held in
                let bytes = UnsafeRawBufferPointer(rebasing: held[..<csv.bytes.count])
                var index = RecordIndex(bounds: bounds)
                if case .header = scanner.scan(bytes, isFinal: true, into: &index) {
                    scanner.width = csv.columns.count
                    _ = scanner.scan(bytes, isFinal: true, into: &index)
                }
                return (
                    encodeAll(&encoder, index.records, held, piece: piece), Array(index.records)
                )
            }
        }
    }

    private func encodeAll(
        _ encoder: inout TextEncoder, _ records: UnsafeBufferPointer<RecordBounds>,
        _ bytes: UnsafeRawBufferPointer, piece: Int
    ) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 1)
        defer { buffer.deallocate() }
        var text: [UInt8] = []
        encoder.begin()
        while true {
            let progress = encoder.encode(records, of: bytes, into: buffer)
            text += buffer[..<progress.written]
            if progress.isFinished { return text }
        }
    }
}

/// Reads COPY's text format as the server does.
private func decodeCopyText(_ text: [UInt8]) -> [[[UInt8]?]] {
    text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast().map {
        $0.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map(decodeField)
    }
}

private func decodeField(_ field: ArraySlice<UInt8>) -> [UInt8]? {
    if field.elementsEqual("\\N".utf8) { return nil }
    let letters: [UInt8: UInt8] = [
        UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
        UInt8(ascii: "\\"): UInt8(ascii: "\\"),
    ]
    var value: [UInt8] = []
    var isEscaped = false
    for byte in field {
        if isEscaped {
            value.append(letters[byte]!)
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else {
            value.append(byte)
        }
    }
    return value
}
