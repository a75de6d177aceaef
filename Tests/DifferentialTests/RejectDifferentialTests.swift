import Glibc
import Sluice
import SluiceCodec
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// What the server says of each record alone, after those before it, is what becomes of it.
@Suite("Reject differential", .serialized, .enabled(if: PrivateServer.isWanted))
struct RejectDifferentialTests {
    @Test(
        "exactly the records are rejected that the server refuses one by one",
        arguments: DirtyTable.all)
    func dirtyFiles(_ table: DirtyTable) async throws {
        try await Scratch.with("dirty") { scratch in
            try await scratch.query(DirtyTable.surroundings)
            try await compare(table, in: scratch, rounds: max(5, TestSettings.files / 12))
        }
    }

    @Test(
        "so it is where no loop can run in the server, or bytes are other than UTF-8",
        arguments: DirtyDatabase.all)
    func otherDatabases(_ database: DirtyDatabase) async throws {
        try await database.with { scratch in
            try await scratch.query(DirtyTable.surroundings)
            for table in DirtyTable.all {
                try await compare(table, in: scratch, rounds: max(1, TestSettings.files / 60))
            }
        }
    }

    private func compare(_ table: DirtyTable, in scratch: Scratch, rounds: Int) async throws {
        let seed = TestSettings.seed
        var random = SeededRandom(seed: seed &+ UInt64(table.number))
        for round in 0..<rounds {
            let shape = LoadShape(&random)
            // Which of two records with one key is refused is a matter of order: one job.
            let file = DirtyFile(
                table, records: random.number(in: 0...random.pick([60, 300])),
                dirt: random.pick([1, 3, 20, 100]),
                collides: shape.jobs == 1, &random)
            let difference = try await RejectRound(
                table: table, file: file, shape: shape, scratch: scratch
            ).difference()
            guard let difference else { continue }
            Issue.record("seed \(seed), \(table.name), round \(round), \(shape): \(difference)")
            return
        }
    }
}

/// One file, judged by the server and loaded by us.
private struct RejectRound {
    let table: DirtyTable
    let file: DirtyFile
    let shape: LoadShape
    let scratch: Scratch
    let folder = TemporaryFolder()

    private var names: [String] { table.columns.map(\.name) }

    /// Nil: no difference.
    func difference() async throws -> String? {
        for schema in ["theirs", "ours"] {
            try await scratch.query(
                """
                DROP SCHEMA IF EXISTS \(schema) CASCADE; CREATE SCHEMA \(schema); \
                \(table.ddl.replacing("%", with: "\(schema).t"))
                """)
        }
        let verdicts = try await JudgedFile(file: file, columns: names)
            .run(into: "theirs.t", scratch)
        let report: ImportReport
        do throws(ImportError) {
            report = try await Importer(configuration)
                .run(shape.source(file.bytes), into: try! TableName("ours.t"))
        } catch {
            return "\(error.message) at \(String(describing: error.location))"
        }
        return try await difference(report.counts, verdicts) ?? difference(verdicts)
    }

    private var configuration: ImportConfiguration {
        var configuration = ImportConfiguration()
        configuration.connection.database = scratch.parameters.dbname
        configuration.connection.user = scratch.parameters.user
        configuration.csv = CSVOptions(file.dialect)
        if !file.dialect.hasHeader { configuration.columns.columns = names }
        configuration.load.jobs = shape.jobs
        configuration.load.usesBinaryLane = shape.usesBinaryLane
        configuration.load.batchBytes = ByteCount(shape.batchBytes)
        configuration.errors.policy = .reject
        configuration.errors.rejects = .file(folder / "r.csv")
        configuration.errors.rejectRatio = 1
        return configuration
    }

    // MARK: Comparing

    private func difference(
        _ counts: ImportCounts, _ verdicts: [JudgedFile.Verdict]
    ) async throws -> String? {
        guard counts.recordsRead == file.entries.count else {
            return "\(counts.recordsRead) records, the file has \(file.entries.count)"
        }
        guard counts.rowsRejected == verdicts.count else {
            return "\(counts.rowsRejected) rejects, the server has \(verdicts.count)"
        }
        let compared = table.compared?.replacing("%", with: "t") ?? "t"
        let rows = try await scratch.differences("theirs.\(compared)", "ours.\(compared)")
        guard rows == "0" else { return "\(rows ?? "?") rows differ" }
        let loaded = try await scratch.value("SELECT count(*) FROM ours.\(compared)")
        return loaded == String(counts.rowsLoaded)
            ? nil : "\(counts.rowsLoaded) rows counted, \(loaded ?? "?") loaded"
    }

    private func difference(_ verdicts: [JudgedFile.Verdict]) -> String? {
        guard !verdicts.isEmpty else {
            return access(folder / "r.csv", F_OK) != 0 ? nil : "an empty reject file is left"
        }
        if let difference = difference(rejectFile: folder.contents("r.csv"), verdicts) {
            return difference
        }
        let log = String(decoding: folder.contents("r.csv.log"), as: UTF8.self)
            .split(separator: "\n")
        guard log.count == verdicts.count else { return "the log has \(log.count) lines" }
        for (line, verdict) in zip(log, verdicts) {
            for part in verdict.parts where !line.contains(part) {
                return "no \(part) in \(line)"
            }
        }
        return nil
    }

    /// It begins as the file does, so that the same flags load it.
    private func difference(
        rejectFile bytes: [UInt8], _ verdicts: [JudgedFile.Verdict]
    ) -> String? {
        let rejects = verdicts.flatMap { file.kept($0.entry) }
        let headLength = max(0, bytes.count - rejects.count)
        let head = file.bytes.dropFirst(file.start).prefix(headLength)
        guard bytes != head + rejects else {
            let bounds = file.headEnd...file.bodyStart
            return bounds.contains(head.endIndex) ? nil : "its head ends at \(head.endIndex)"
        }
        let place = zip(bytes, head + rejects).prefix { $0 == $1 }.count
        let around = String(decoding: bytes.dropFirst(max(0, place - 40)).prefix(80), as: UTF8.self)
        return "the reject file differs at byte \(place): \(around.debugDescription)"
    }
}

extension DirtyFile {
    /// Where the first record begins.
    fileprivate var bodyStart: Int { entries.first.map { raw($0).startIndex } ?? bytes.count }
}

extension CSVOptions {
    fileprivate init(_ dialect: OracleDialect) {
        self.init()
        self.dialect = Dialect(
            delimiter: dialect.delimiter, quote: dialect.quote, escape: dialect.escape,
            quoting: Dialect.Quoting(rawValue: dialect.quoting.rawValue)!, null: dialect.null,
            comment: dialect.comment, maxRecordBytes: ByteCount(dialect.maxRecordBytes))
        hasHeader = dialect.hasHeader
        skipLines = dialect.skipLines
    }
}
