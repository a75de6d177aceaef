import SluiceCodec
import SluiceTestSupport
import Testing

@Suite("Property: the scanner against the oracle")
struct ScanPropertyTests {
    @Test("any bytes, cut anywhere, read as the oracle reads them")
    func anyBytes() {
        let seed = TestSettings.seed
        var random = SeededRandom(seed: seed)
        for round in 0..<TestSettings.propertyRounds {
            var input = HostileCSV.anyBytes(&random)
            let hasLines = !input.bytes.hasLoneCarriageReturn
            // In a file of lone CRs, whether the limit falls amid CR CR LF depends on the chunk.
            if !hasLines { input.dialect.maxRecordBytes = 1 << 20 }
            let wanted = readOracle(
                input.bytes, dialect: input.dialect, width: input.width
            ).comparable(hasLines: hasLines, dialect: input.dialect)
            let whole = max(1, input.bytes.count)
            let shapes: [(chunk: Int, engine: RecordScanner.Engine)] = [
                (1, .reference), (2, .blocks), (3, .reference),
                (random.number(in: 4...70), .blocks),
                (random.number(in: 70...200), .blocks), (whole, .blocks), (whole, .reference),
            ]
            for (chunk, engine) in shapes {
                // Room for a block's records, at times.
                let capacity = random.pick([1, 7, 200])
                let scanned = ScannedInput(
                    input.bytes, dialect: input.dialect, width: input.width, chunk: chunk,
                    indexCapacity: capacity, engine: engine)
                let result = scanned.result.comparable(hasLines: hasLines, dialect: input.dialect)
                guard result != wanted else { continue }
                Issue.record(
                    """
                    seed \(seed), round \(round), chunk \(chunk), \(engine), index \(capacity): \(input.bytes.escaped)
                    \(input.dialect), width \(input.width)
                    wanted  \(wanted)
                    scanned \(result)
                    """)
                return
            }
        }
    }

    @Test("a skipped line may be longer than a record, and end with CRLF")
    func longSkippedLine() {
        let input = Array("\r\n\(String(repeating: "x", count: 50))\r\n\r\nb\r\n1\r\n".utf8)
        let dialect = OracleDialect(maxRecordBytes: 5, skipLines: 3, hasHeader: true)
        let wanted = readOracle(input, dialect: dialect, width: 1)
            .comparable(hasLines: true, dialect: dialect)
        for chunk in [1, 41, input.count] {
            let scanned = ScannedInput(input, dialect: dialect, width: 1, chunk: chunk)
            #expect(scanned.result.comparable(hasLines: true, dialect: dialect) == wanted)
        }
    }

    @Test("64 bytes at a time read as one after the other, in longer and mostly good files")
    func twins() {
        let seed = TestSettings.seed
        var random = SeededRandom(seed: seed)
        for round in 0..<TestSettings.files * 10 {
            let csv = HostileCSV.copyable(&random, insideQuotes: random.oneIn(4))
            var bytes = csv.bytes
            // Of several kilobytes the masks are found in more than one go.
            for _ in 0..<random.pick([0, 0, 0, 20]) { bytes += csv.bytes }
            for _ in 0..<random.pick([0, 0, 1, 3]) where !bytes.isEmpty {
                bytes[random.number(in: 0...bytes.count - 1)] = random.pick(bytes)
            }
            var dialect = csv.dialect
            if random.oneIn(3) { dialect.quoting = random.pick(OracleDialect.Quoting.allCases) }
            dialect.maxRecordBytes =
                bytes.hasLoneCarriageReturn ? 1 << 20 : random.pick([64, 100, 1_000, 1 << 20])
            let chunk = random.number(in: 65...max(66, bytes.count))
            let (blocks, reference) = (
                ScannedInput(
                    bytes, dialect: dialect, width: csv.columns.count, chunk: chunk,
                    indexCapacity: random.pick([64, 65, 1_000])),
                ScannedInput(
                    bytes, dialect: dialect, width: csv.columns.count, chunk: bytes.count + 1,
                    engine: .reference)
            )
            // Where batches are cut, and what is held, is up to the caller.
            guard blocks.result != reference.result else { continue }
            Issue.record("seed \(seed), round \(round), \(dialect): \(bytes.escaped.prefix(2_000))")
            return
        }
    }
}

extension [UInt8] {
    fileprivate var hasLoneCarriageReturn: Bool {
        indices.contains { index in
            self[index] == 0x0D && (index + 1 == count || self[index + 1] != 0x0A)
        }
    }
}
