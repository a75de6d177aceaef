import Glibc
import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// Promise 5: it ends, and leaves nothing behind.
@Suite(
    "Ends of an import", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: PrivateServer.isWanted))
struct ImportEndTests {
    private let rows = (1...200_000).map { "\($0),row \($0)\n" }.joined()

    private func configuration(jobs: Int = 2) -> ImportConfiguration {
        var configuration = ImportConfiguration()
        configuration.csv.hasHeader = false
        configuration.load.jobs = jobs
        configuration.load.batchBytes = .kibibytes(64)
        configuration.errors.retryTimeout = .zero
        return configuration
    }

    private func withTable(_ body: (Server, TableName) async throws -> Void) async throws {
        try await Server.with { server in
            try await server.query("DROP TABLE IF EXISTS ends")
            try await server.query("CREATE UNLOGGED TABLE ends (id int, note text)")
            try await body(server, TableName("ends"))
            try await server.query("DROP TABLE ends")
        }
    }

    @Test("cancelled at any moment, it ends within 2 seconds and accounts for every record")
    func cancelledAnywhere() async throws {
        let chunks = [Array(rows.utf8)]
        var random = SeededRandom(seed: TestSettings.seed)
        try await withTable { server, table in
            let baseline = Process.threadCount
            for _ in 0..<40 {
                let delay = Duration.microseconds(random.number(in: 0...250_000))
                let job = Task {
                    try await Importer(configuration())
                        .run(.bytes(chunks.async, name: "rows"), into: table)
                }
                try await Task.sleep(for: delay)
                let cancelled = ContinuousClock.now
                job.cancel()
                if case .failure(let error) = await job.result {
                    let error = try #require(error as? ImportError)
                    #expect(error.code == .cancelled)
                    #expect(error.report.counts.addsUp)
                }
                #expect(ContinuousClock.now - cancelled < TestSettings.cancellationLimit)
            }
            #expect(try await server.hasNoImporters())
            #expect(Process.threadCount <= baseline + 4)
        }
    }

    @Test("an input that never delivers ends with its task", arguments: [true, false])
    func silentInput(isFIFO: Bool) async throws {
        try await withTable { server, table in
            let path = "/tmp/sluice-fifo-\(getpid())"
            mkfifo(path, 0o600)
            defer { unlink(path) }
            let silence = AsyncStream<[UInt8]> { _ in }
            let source = isFIFO ? ImportSource.files([path]) : .bytes(silence, name: "silence")
            let job = Task { try await Importer(configuration()).run(source, into: table) }
            try await Task.sleep(for: .milliseconds(200))
            let cancelled = ContinuousClock.now
            job.cancel()
            await #expect(throws: ImportError.self) { try await job.value }
            #expect(ContinuousClock.now - cancelled < .seconds(1))
            #expect(try await server.hasNoImporters())
        }
    }

    @Test("a refused value stops everything and is the reported cause")
    func refusedValue() async throws {
        try await withTable { server, table in
            let bad = rows + "no number,x\n"
            do throws(ImportError) {
                _ = try await Importer(configuration(jobs: 3))
                    .run(.bytes([Array(bad.utf8)].async, name: "bad"), into: table)
                Issue.record("it was loaded")
            } catch {
                #expect(error.code == .data)
                #expect(error.location?.line == 200_001)
                #expect(error.location?.column == "id")
                #expect(error.server?.sqlState.code == "22P02")
                #expect(error.report.counts.addsUp)
                let count = try await server.value("SELECT count(*) FROM ends")
                #expect(count == "\(error.report.counts.rowsLoaded)")
            }
            #expect(try await server.hasNoImporters())
        }
    }

    @Test("nothing blocks the cooperative threads: a 10 ms heartbeat never skips 250 ms")
    func heartbeat() async throws {
        let chunks = Array(repeating: Array(rows.utf8), count: 10)
        try await withTable { _, table in
            let heart = Heart()
            async let beating: Void = heart.beat()
            try await Task.sleep(for: .milliseconds(50))
            let report = try await Importer(configuration())
                .run(.bytes(chunks.async, name: "rows"), into: table)
            #expect(report.counts.rowsLoaded == 2_000_000)
            heart.stop()
            await beating
            #expect(heart.longestGap < .milliseconds(250) || TestSettings.isSanitized)
        }
    }

    @Test("a table that references itself loads as by one COPY, whatever the order")
    func selfReference() async throws {
        try await Server.with { server in
            try await server.query("DROP TABLE IF EXISTS tree")
            try await server.query(
                "CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree (id))")
            let up = (1..<5_000).map { "\($0),\($0 + 1)\n" }.joined() + "5000,\n"
            var configuration = configuration()
            configuration.load.batchBytes = .kibibytes(1)
            let report = try await Importer(configuration)
                .run(.bytes([Array(up.utf8)].async, name: "tree"), into: TableName("tree"))
            #expect(report.counts.rowsLoaded == 5_000)
            #expect(report.counts.batches > 10)
            #expect(try await server.value("SELECT count(*) FROM tree") == "5000")
            try await server.query("DROP TABLE tree")
        }
    }
}
