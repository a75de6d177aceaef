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
            let chunks = [1, 2, 3, random.number(in: 4...70), max(1, input.bytes.count)]
            for chunk in chunks {
                let scanned = ScannedInput(
                    input.bytes, dialect: input.dialect, width: input.width, chunk: chunk)
                let result = scanned.result.comparable(hasLines: hasLines, dialect: input.dialect)
                guard result != wanted else { continue }
                Issue.record(
                    """
                    seed \(seed), round \(round), chunk \(chunk): \(input.bytes.escaped)
                    \(input.dialect), width \(input.width)
                    wanted  \(wanted)
                    scanned \(result)
                    """)
                return
            }
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
