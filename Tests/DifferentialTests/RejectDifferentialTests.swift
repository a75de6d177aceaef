import Glibc
import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// What the server says of each record alone, after those before it, is what becomes of it.
@Suite("Reject differential", .serialized, .enabled(if: PrivateServer.isWanted))
struct RejectDifferentialTests {
    @Test("exactly the records are rejected that the server refuses one by one", arguments: 0..<6)
    func dirtyFiles(tableNumber: Int) async throws {
        let table = DirtyTable.all[tableNumber]
        let seed = TestSettings.seed
        var random = SeededRandom(seed: seed &+ UInt64(tableNumber))
        try await Scratch.with("dirty") { scratch in
            try await scratch.query(DirtyTable.surroundings)
            for round in 0..<max(6, TestSettings.files / 10) {
                let file = DirtyFile(
                    table, records: random.number(in: 0...300),
                    dirt: random.pick([1, 3, 20, 100]), &random)
                let shape = LoadShape(&random)
                let difference = try await compare(file, table, shape, scratch)
                guard let difference else { continue }
                Issue.record("seed \(seed), \(table.name), round \(round), \(shape): \(difference)")
                return
            }
        }
    }

    /// Nil: no difference.
    private func compare(
        _ file: DirtyFile, _ table: DirtyTable, _ shape: LoadShape, _ scratch: Scratch
    ) async throws -> String? {
        for schema in ["theirs", "ours"] {
            try await scratch.query(
                """
                DROP SCHEMA IF EXISTS \(schema) CASCADE; CREATE SCHEMA \(schema); \
                \(table.ddl.replacing("%", with: "\(schema).t"))
                """)
        }
        let judge = JudgedFile(file, columns: table.columns.map(\.name))
        let verdicts = try await judge.run(into: "theirs.t", scratch)
        let folder = TemporaryFolder()
        let path = folder / "r.csv"
        let report: ImportReport
        do throws(ImportError) {
            report = try await Importer(configuration(shape, rejectsTo: path))
                .run(shape.source(file.bytes), into: try! TableName("ours.t"))
        } catch {
            return "\(error.message) at \(String(describing: error.location))"
        }
        guard report.counts.rowsRejected == verdicts.count else {
            return "\(report.counts.rowsRejected) rejects, the server has \(verdicts.count)"
        }
        let compared = table.compared?.replacing("%", with: "t") ?? "t"
        let rows = try await scratch.differences("theirs.\(compared)", "ours.\(compared)")
        guard rows == "0" else { return "\(rows ?? "?") rows differ" }
        return difference(verdicts, file, in: folder)
    }

    /// One job: which of two records with one key is refused is a matter of order.
    private func configuration(_ shape: LoadShape, rejectsTo path: String) -> ImportConfiguration {
        var configuration = ImportConfiguration()
        configuration.load.jobs = 1
        configuration.load.usesBinaryLane = shape.usesBinaryLane
        configuration.load.batchBytes = ByteCount(shape.batchBytes)
        configuration.errors.policy = .reject
        configuration.errors.rejects = .file(path)
        configuration.errors.rejectRatio = 1
        return configuration
    }

    private func difference(
        _ verdicts: [JudgedFile.Verdict], _ file: DirtyFile, in folder: TemporaryFolder
    ) -> String? {
        guard !verdicts.isEmpty else {
            return access(folder / "r.csv", F_OK) != 0 ? nil : "an empty reject file is left"
        }
        let expected = file.header + verdicts.flatMap { file.records[$0.record].bytes }
        guard folder.contents("r.csv") == expected else { return "the reject file differs" }
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
}

/// A file as the server judges it, record by record.
struct JudgedFile {
    private let file: DirtyFile
    private let columns: String

    struct Verdict: Sendable {
        let record: Int
        /// What the log's line has.
        let parts: [String]
    }

    init(_ file: DirtyFile, columns: [String]) {
        self.file = file
        self.columns = columns.joined(separator: ", ")
    }

    /// - Returns: the records that are not loaded, in order.
    func run(into table: String, _ scratch: Scratch) async throws -> [Verdict] {
        try await scratch.pool.withConnection { connection in
            _ = try connection.query("BEGIN; SET CONSTRAINTS ALL IMMEDIATE")
            var verdicts: [Verdict] = []
            var offset = file.header.count
            for (index, record) in file.records.enumerated() {
                let place = [
                    "\"line\":\(index + 2),", "\"record\":\(index + 1),",
                    "\"byte_offset\":\(offset),",
                    "\"bytes\":\(record.bytes.count),",
                ]
                if !record.isWellFormed {
                    verdicts.append(
                        Verdict(record: index, parts: place + ["\"sqlstate\":\"22P04\""]))
                } else if let refusal = try refusal(of: record.bytes, table, connection) {
                    verdicts.append(Verdict(record: index, parts: place + Self.parts(refusal)))
                }
                offset += record.bytes.count
            }
            try connection.commit()
            return verdicts
        }
    }

    private static func parts(_ refusal: ServerDiagnostics) -> [String] {
        let message = JSON.string(refusal.message).text
        let constraint = JSON(refusal.constraintName).text
        return [
            "\"sqlstate\":\"\(refusal.sqlState)\"", "\"message\":\(message)",
            "\"constraint\":\(constraint)",
        ]
    }

    private func refusal(
        of record: [UInt8], _ table: String, _ connection: isolated Connection
    ) throws -> ServerDiagnostics? {
        do throws(PostgresError) {
            connection.lookForErrorsAtEndOnly()
            _ = try connection.beginCopy(
                "SAVEPOINT s; COPY \(table) (\(columns)) FROM STDIN (FORMAT csv)")
            try put(record, connection)
            _ = try connection.finishCopy()
            _ = try connection.query("RELEASE SAVEPOINT s")
            return nil
        } catch {
            guard case .server(let diagnostics) = error else { throw error }
            _ = try connection.query("ROLLBACK TO SAVEPOINT s; RELEASE SAVEPOINT s")
            return diagnostics
        }
    }

    private func put(
        _ record: [UInt8], _ connection: isolated Connection
    ) throws(PostgresError) {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: record.count, alignment: 1)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: record)
        try connection.put(UnsafeRawBufferPointer(bytes))
    }
}
