import Sluice
import SluiceCodec
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// Promise 1: the same bytes through COPY and through us, compared in the database.
@Suite("Differential", .serialized, .enabled(if: PrivateServer.isWanted))
struct DifferentialTests {
    @Test("a file that COPY takes whole leaves the table as COPY leaves it")
    func hostileFiles() async throws {
        let seed = TestSettings.seed
        var random = SeededRandom(seed: seed)
        try await Scratch.with("differential") { scratch in
            for round in 0..<TestSettings.files {
                let csv = HostileCSV.copyable(
                    &random, insideQuotes: random.oneIn(3), rowCount: 0...200)
                let shape = LoadShape(&random)
                let difference = try await compare(csv, shape, scratch)
                guard let difference else { continue }
                Issue.record(
                    "seed \(seed), round \(round), \(shape): \(difference)\n\(csv.flags)")
                return
            }
        }
    }

    /// Nil: no difference.
    private func compare(
        _ csv: CopyableCSV, _ shape: LoadShape, _ scratch: Scratch
    ) async throws -> String? {
        let theirs = "differential.theirs"
        let ours = "differential.ours"
        for table in [theirs, ours] {
            try await scratch.query("DROP TABLE IF EXISTS \(table)")
            try await scratch.query(csv.createTable(named: table))
        }
        try await scratch.copy(csv.bytes, into: theirs, options: csv.copyOptions)
        do throws(ImportError) {
            let report = try await Importer(csv.configuration(shape))
                .run(shape.source(csv.bytes), into: try! TableName(ours))
            guard report.counts.rowsLoaded == csv.rows.count else {
                return "\(report.counts.rowsLoaded) rows of \(csv.rows.count)"
            }
        } catch {
            return "\(error.message) at \(String(describing: error.location))"
        }
        let count = try await scratch.differences(theirs, ours)
        return count == "0" ? nil : "\(count ?? "?") rows differ"
    }

    @Test("a line \\. is data, on every server")
    func endOfDataMarker() async throws {
        try await Scratch.with("marker") { scratch in
            try await scratch.query("CREATE TABLE marker.t (v text)")
            var configuration = ImportConfiguration()
            configuration.csv.hasHeader = false
            let bytes = Array("x\n\\.\ny\n\"a\n\\.\nb\"\n".utf8)
            _ = try await Importer(configuration)
                .run(.bytes([bytes].async, name: "lines"), into: TableName("marker.t"))
            let rows = try await scratch.query("TABLE marker.t").rows
            #expect(rows == [["x"], ["\\."], ["y"], ["a\n\\.\nb"]])
        }
    }
}

/// How the same bytes may come and go.
struct LoadShape: CustomStringConvertible {
    var chunk: Int
    var batchBytes: Int
    var jobs: Int
    var usesBinaryLane: Bool

    init(_ random: inout SeededRandom) {
        chunk = random.number(in: 1...5) * random.pick([1, 13, 1_000, 65_536])
        batchBytes = random.pick([1 << 10, 3_000, 64 << 10, 4 << 20])
        jobs = random.number(in: 1...3)
        usesBinaryLane = random.oneIn(2)
    }

    var description: String {
        "chunk \(chunk), batch \(batchBytes), jobs \(jobs), binary \(usesBinaryLane)"
    }

    func source(_ bytes: [UInt8]) -> ImportSource {
        let chunks = stride(from: 0, to: bytes.count, by: chunk).map {
            Array(bytes[$0..<min(bytes.count, $0 + chunk)])
        }
        return .bytes(chunks.async, name: "generated")
    }
}

extension CopyableCSV {
    fileprivate func configuration(_ shape: LoadShape) -> ImportConfiguration {
        var configuration = ImportConfiguration()
        configuration.csv.dialect = Dialect(
            delimiter: dialect.delimiter, quote: dialect.quote, escape: dialect.escape,
            quoting: dialect.quoting == .copy ? .copy : .standard, null: dialect.null)
        configuration.csv.hasHeader = dialect.hasHeader
        configuration.csv.forceNull = .named(forceNull.map { columns[$0] })
        configuration.csv.forceNotNull = .named(forceNotNull.map { columns[$0] })
        configuration.load.jobs = shape.jobs
        configuration.load.usesBinaryLane = shape.usesBinaryLane
        configuration.load.batchBytes = ByteCount(shape.batchBytes)
        return configuration
    }
}
