import Sluice
import SluiceCodec
import SluicePostgres
import SluiceTestSupport
import Testing

/// TRUNCATE before a load.
@Suite(
    "Truncate", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: PrivateServer.isWanted))
struct TruncateTests {
    @Test(arguments: [
        ("a,b\n1,x\n", true, true, 1), ("a,b\n", true, true, 0),
        ("a,c\n1,x\n", true, false, 1), ("a,b\n1,x,3\n", true, false, 1),
        ("a,b\n1,\"x\n", true, false, 1), ("\u{1F}\u{8B}", true, false, 1),
        ("", true, false, 1), ("\n\n", true, false, 1), ("", false, false, 1),
        ("\n\n# x\n", false, false, 1), ("1,x\n", false, true, 1), ("1\n", false, false, 1),
    ])
    func `the table is emptied only for an input that can be loaded`(
        text: String, hasHeader: Bool, loads: Bool, count: Int
    ) async throws {
        try await Server.withSchema(
            "CREATE TABLE targets.t (a int, b text)", "INSERT INTO targets.t VALUES (7, 'old')"
        ) { server in
            let load = try await Load.run(text, into: "targets.t") {
                $0.csv.hasHeader = hasHeader
                $0.csv.dialect.comment = UInt8(ascii: "#")
                $0.load.truncate = true
            }
            #expect((load.error == nil) == loads)
            if !loads { #expect(load.code == .data) }
            #expect(try await server.value("SELECT count(*) FROM targets.t") == "\(count)")
            let old = try await server.value("SELECT count(*) FROM targets.t WHERE a = 7")
            #expect(old == (loads ? "0" : "1"))
        }
    }

    @Test func `a dry run empties nothing`() async throws {
        try await Server.withSchema(
            "CREATE TABLE targets.t (a int)", "INSERT INTO targets.t VALUES (7)"
        ) { server in
            let load = try await Load.run("a\n1\n2\n", into: "targets.t") {
                $0.load.truncate = true
                $0.load.dryRun = true
            }
            #expect(load.error == nil && load.counts.recordsUnloaded == 2)
            #expect(try await server.value("SELECT sum(a) FROM targets.t") == "7")
        }
    }

    @Test func `TRUNCATE waits for its lock no longer than it may`() async throws {
        try await Server.withSchema(
            "CREATE TABLE targets.t (a int)", "INSERT INTO targets.t VALUES (7)"
        ) { server in
            try await Server.with { holder in
                try await holder.holding("LOCK TABLE targets.t IN ACCESS SHARE MODE") {
                    let start = ContinuousClock.now
                    let load = try await Load.run("a\n1\n", into: "targets.t") {
                        $0.load.truncate = true
                        $0.load.lockTimeout = .milliseconds(200)
                    }
                    #expect(ContinuousClock.now - start < .seconds(5))
                    #expect(load.code == .server)
                    #expect(load.error?.server?.sqlState.code == "55P03")
                    #expect(load.counts.addsUp && load.counts.rowsLoaded == 0)
                }
            }
            #expect(try await server.value("SELECT sum(a) FROM targets.t") == "7")
        }
    }

    /// Its one connection is the one that loads, too.
    @Test(.timeLimit(.minutes(1)), arguments: [1, 2])
    func `a table that references itself is emptied and loaded`(jobs: Int) async throws {
        try await Server.withSchema(
            "CREATE TABLE targets.t (a int PRIMARY KEY, up int REFERENCES targets.t)",
            "INSERT INTO targets.t VALUES (7, 7)"
        ) { server in
            let (stream, feed) = AsyncStream<[UInt8]>.makeStream()
            let load = Task {
                try await Load.run(.bytes(stream, name: "feed"), into: "targets.t") {
                    $0.load.truncate = true
                    $0.load.jobs = jobs
                }
            }
            // The worker is there first.
            try await Task.sleep(for: .milliseconds(200))
            feed.yield(Array("a,up\n1,2\n2,\n".utf8))
            feed.finish()
            let hangs = Task {
                try await Task.sleep(for: .seconds(20))
                load.cancel()
            }
            let ended = try await load.value
            hangs.cancel()
            #expect(ended.error == nil && ended.counts.rowsLoaded == 2)
            #expect(try await server.value("SELECT count(*) FROM targets.t") == "2")
        }
    }

    @Test func `a table that others refer to is not emptied`() async throws {
        try await Server.withSchema(
            "CREATE TABLE targets.t (a int PRIMARY KEY)", "INSERT INTO targets.t VALUES (7)",
            "CREATE TABLE targets.u (a int REFERENCES targets.t)"
        ) { server in
            let load = try await Load.run("a\n1\n", into: "targets.t") { $0.load.truncate = true }
            #expect(load.code == .data && load.error?.server?.sqlState.code == "0A000")
            #expect(try await server.value("SELECT sum(a) FROM targets.t") == "7")
        }
    }
}
