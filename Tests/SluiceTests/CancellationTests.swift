import Glibc
import Sluice
import SluiceCore
import SluiceTestSupport
import Testing

/// Cancelled whatever it waits for, it ends in time and leaves nothing behind.
@Suite(
    "Cancellation", .serialized, .timeLimit(.minutes(5)), .enabled(if: PrivateServer.isWanted))
struct CancellationTests {
    private let folder = TemporaryFolder()

    private func withTable(_ body: (Server) async throws -> Void) async throws {
        try await Server.with { server in
            try await server.query("DROP TABLE IF EXISTS cancelled")
            try await server.query("CREATE UNLOGGED TABLE cancelled (id int, note text)")
            try await body(server)
            try await server.query("DROP TABLE cancelled")
        }
    }

    private func start(
        _ source: ImportSource, jobs: Int = 2, stallTimeout: Duration = .seconds(300)
    ) -> Task<Load, any Error> {
        Task {
            try await Load.run(source, into: "cancelled") {
                $0.csv.hasHeader = false
                $0.load.jobs = jobs
                $0.load.batchBytes = .kibibytes(64)
                $0.load.stallTimeout = stallTimeout
            }
        }
    }

    private func file(_ rows: Int) -> String {
        folder.file("rows", (1...rows).map { "\($0),row number \($0)\n" }.joined())
    }

    /// Cancels it, and looks at its end.
    private func cancel(_ job: Task<Load, any Error>) async throws -> Load {
        let start = ContinuousClock.now
        job.cancel()
        let load = try await job.value
        #expect(ContinuousClock.now - start < TestSettings.cancellationLimit)
        #expect(load.counts.addsUp)
        #expect(load.report.files.allSatisfy { $0.counts.addsUp })
        return load
    }

    private func hasLeftNothing(_ server: Server, since before: ProcessState) async throws -> Bool {
        var now = before
        let isClean = await becomesTrue {
            now = .now
            return now.threads <= before.threads && now.descriptors <= before.descriptors
        }
        if !isClean { Issue.record("\(before) before, \(now) after, \(ProcessState.threadNames)") }
        let hasNoImporters = try await server.hasNoImporters()
        return isClean && hasNoImporters
    }

    /// Nothing may block the cooperative threads meanwhile.
    private func whileTheHeartBeats(_ body: () async throws -> Load) async throws -> Load {
        let heart = Heart()
        async let beating: Void = heart.beat()
        defer { heart.stop() }
        let load = try await body()
        heart.stop()
        await beating
        #expect(heart.longestGap < .milliseconds(250) || TestSettings.isSanitized)
        return load
    }

    /// The runtime makes its threads when it wants: let it make them before they are counted.
    private func warmedUp() async -> ProcessState {
        await withTaskGroup { group in
            for _ in 0..<16 {
                group.addTask { try? await Task.sleep(for: .milliseconds(30)) }
            }
        }
        return .now
    }

    @Test func `at any moment of a load from a file`() async throws {
        let source = ImportSource.files([file(60_000)])
        try await withTable { server in
            let clock = ContinuousClock()
            _ = try await start(source).value
            let clean = try await clock.measure { _ = try await start(source).value }
            try await server.query("TRUNCATE cancelled")
            let before = await warmedUp()
            var random = SeededRandom(seed: TestSettings.seed)
            let micros = Int(clean / .microseconds(1))
            for round in 0..<48 {
                let delay = random.number(in: 0...micros)
                let job = start(source, jobs: random.number(in: 1...3))
                try await Task.sleep(for: .microseconds(delay))
                let load = try await cancel(job)
                #expect(load.error == nil || load.code == .cancelled, "round \(round), \(delay) us")
                let count = try await server.value("SELECT count(*) FROM cancelled")
                #expect(count == "\(load.counts.rowsLoaded)", "round \(round), \(delay) us")
                let lines = load.report.committed.reduce(0) { $0 + $1.lastLine - $1.firstLine + 1 }
                if load.error != nil { #expect(lines == load.counts.rowsLoaded) }
                try await server.query("TRUNCATE cancelled")
            }
            #expect(try await hasLeftNothing(server, since: before))
        }
    }

    @Test func `while a FIFO or a sequence never delivers, and the heart beats on`() async throws {
        let fifo = folder.fifo("fifo")
        try await withTable { server in
            let before = await warmedUp()
            for isFIFO in [true, false] {
                for delay in [0, 1, 5, 20, 100] {
                    let silence = AsyncStream<[UInt8]>.makeStream()
                    let source =
                        isFIFO
                        ? ImportSource.files([fifo]) : .bytes(silence.stream, name: "silence")
                    let load = try await whileTheHeartBeats {
                        let job = start(source)
                        try await Task.sleep(for: .milliseconds(delay))
                        return try await cancel(job)
                    }
                    #expect(load.code == .cancelled && load.counts.recordsRead == 0)
                    silence.continuation.finish()
                }
            }
            #expect(try await hasLeftNothing(server, since: before))
        }
    }

    @Test func `while the writer of a FIFO has fallen silent amid a record`() async throws {
        let fifo = folder.fifo("fifo")
        let writer = Writer(fifo)
        try await withTable { server in
            let before = await warmedUp()
            let job = start(.files([fifo]))
            writer.write("1,a\n2,tr")
            try await Task.sleep(for: .milliseconds(150))
            let load = try await cancel(job)
            #expect(load.code == .cancelled)
            #expect(try await server.value("SELECT count(*) FROM cancelled") == "0")
            #expect(try await hasLeftNothing(server, since: before))
        }
        writer.leave()
    }

    @Test func `while the backends hang, and the heart beats on`() async throws {
        let source = ImportSource.files([file(300_000)])
        let backends = """
            SELECT string_agg(pid::text, ' ') FROM pg_stat_activity
            WHERE application_name = 'pgsluice'
            """
        var random = SeededRandom(seed: TestSettings.seed)
        try await withTable { server in
            let before = await warmedUp()
            for _ in 0..<6 {
                let load = try await whileTheHeartBeats {
                    let job = start(source)
                    try await Task.sleep(for: .milliseconds(random.number(in: 20...250)))
                    let pids = (try await server.value(backends) ?? "").split(separator: " ")
                        .compactMap { pid_t($0) }
                    for pid in pids { kill(pid, SIGSTOP) }
                    try await Task.sleep(for: .milliseconds(random.number(in: 0...300)))
                    let load = try await cancel(job)
                    for pid in pids { kill(pid, SIGCONT) }
                    return load
                }
                #expect(try await server.hasNoImporters())
                let count = try await server.value("SELECT count(*) FROM cancelled") ?? ""
                if load.code == .server {
                    // A COMMIT that was sent, and may have come through.
                    #expect(load.error?.message.hasPrefix("uncertain: ") == true)
                    #expect(Int(count)! >= load.counts.rowsLoaded)
                } else {
                    #expect(load.error == nil || load.code == .cancelled)
                    #expect(count == "\(load.counts.rowsLoaded)")
                }
                try await server.query("TRUNCATE cancelled")
            }
            #expect(try await hasLeftNothing(server, since: before))
        }
    }

    @Test func `while the whole server hangs at the connect`() async throws {
        let folder = try #require(PrivateServer.folder)
        let file = try #require(fopen(folder + "/data/postmaster.pid", "r"))
        var line = [CChar](repeating: 0, count: 32)
        fgets(&line, 32, file)
        fclose(file)
        let postmaster = try #require(pid_t(atoi(line)) as pid_t?)
        try await withTable { server in
            let before = await warmedUp()
            kill(postmaster, SIGSTOP)
            defer { kill(postmaster, SIGCONT) }
            let job = start(.files([self.file(10)]))
            try await Task.sleep(for: .milliseconds(200))
            let load = try await cancel(job)
            #expect(load.code == .cancelled && load.counts.recordsRead == 0)
            kill(postmaster, SIGCONT)
            #expect(try await hasLeftNothing(server, since: before))
        }
    }

    @Test func `while it waits for a lock, before TRUNCATE and in COPY`() async throws {
        try await withTable { server in
            let before = await warmedUp()
            try await Server.with { holder in
                for truncates in [true, false] {
                    try await holder.holding("LOCK TABLE cancelled IN ACCESS EXCLUSIVE MODE") {
                        let path = self.file(1_000)
                        let job = Task {
                            try await Load.run(.files([path]), into: "cancelled") {
                                $0.csv.hasHeader = false
                                $0.load.truncate = truncates
                            }
                        }
                        try await Task.sleep(for: .milliseconds(200))
                        let load = try await cancel(job)
                        #expect(load.code == .cancelled && load.counts.rowsLoaded == 0)
                    }
                }
            }
            #expect(try await hasLeftNothing(server, since: before))
        }
    }

    @Test func `while one COPY for all waits for more input`() async throws {
        try await withTable { server in
            try await server.query(
                "DROP TABLE cancelled; CREATE TABLE cancelled (id int PRIMARY KEY, "
                    + "note int REFERENCES cancelled)")
            let before = await warmedUp()
            let (stream, feed) = AsyncStream<[UInt8]>.makeStream()
            let job = start(.bytes(stream, name: "feed"))
            feed.yield(Array((1...40_000).map { "\($0),\($0)\n" }.joined().utf8))
            try await Task.sleep(for: .milliseconds(400))
            let load = try await cancel(job)
            #expect(load.code == .cancelled && load.counts.rowsLoaded == 0)
            #expect(load.counts.recordsRead > 0)
            #expect(try await server.value("SELECT count(*) FROM cancelled") == "0")
            #expect(try await hasLeftNothing(server, since: before))
        }
    }

    @Test func `a server that hangs ends the import by its stall timeout`() async throws {
        let source = ImportSource.files([file(300_000)])
        try await withTable { server in
            try await Server.with { holder in
                try await holder.holding("LOCK TABLE cancelled IN ACCESS EXCLUSIVE MODE") {
                    let start = ContinuousClock.now
                    let load = try await self.start(source, stallTimeout: .milliseconds(300)).value
                    #expect(load.code == .server && load.counts.addsUp)
                    #expect(load.error?.message.contains("no progress") == true)
                    #expect(ContinuousClock.now - start < .seconds(4))
                }
            }
            #expect(try await server.hasNoImporters())
        }
    }

    @Test func `a task that is cancelled before it starts does nothing`() async throws {
        try await withTable { server in
            let load = try await withThrowingTaskGroup(of: Load.self) { group in
                group.cancelAll()
                let path = file(10)
                group.addTask { try await Load.run(.files([path]), into: "cancelled") }
                return try await group.next()
            }
            #expect(load?.code == .cancelled && load?.counts.recordsRead == 0)
            #expect(try await server.value("SELECT count(*) FROM cancelled") == "0")
        }
    }
}
