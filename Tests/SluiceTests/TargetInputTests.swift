import Glibc
import Sluice
import SluiceCore
import SluiceTestSupport
import Testing

/// Inputs as they meet a table.
@Suite(
    "Inputs", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: PrivateServer.isWanted))
struct TargetInputTests {
    @Test func `files may order their columns differently, and begin with a BOM`() async throws {
        let folder = TemporaryFolder()
        let paths = [
            folder.file("1", "a,b\n1,x\n2,x\n"), folder.file("2", "\u{FEFF}B,A\r\ny,3\r\n"),
            folder.file("3", "a\n"), folder.file("4", ""), folder.file("5", "a\n4"),
        ]
        try await Server.withSchema("CREATE TABLE targets.t (a int, b text)") { server in
            let load = try await Load.run(.files(paths), into: "targets.t")
            #expect(load.error == nil && load.counts.rowsLoaded == 4)
            let all = "SELECT string_agg(a || coalesce(b, '-'), ' ' ORDER BY a) FROM targets.t"
            #expect(try await server.value(all) == "1x 2x 3y 4-")
            #expect(load.report.files.map(\.counts.recordsRead) == [2, 1, 0, 0, 1])
            #expect(load.report.files.allSatisfy { $0.status == .completed })
        }
    }

    @Test func `a file that fails is told apart from those that are done`() async throws {
        let folder = TemporaryFolder()
        let paths = [
            folder.file("1", "a\n1\n"), folder.file("2", "a\n2\n3\nx\n"),
            folder.file("3", "a\n4\n"),
        ]
        try await Server.withSchema("CREATE TABLE targets.t (a int)") { server in
            let load = try await Load.run(.files(paths), into: "targets.t") { $0.load.jobs = 1 }
            #expect(load.error?.location?.file == paths[1])
            #expect(load.error?.location?.line == 4 && load.error?.location?.record == 3)
            #expect(load.report.files[0].status == .completed)
            #expect(load.report.files[1].status == .failed)
            #expect(load.counts.addsUp && load.counts.rowsLoaded == 1)
            #expect(try await server.value("SELECT count(*) FROM targets.t") == "1")
        }
    }

    @Test(arguments: [1, 3]) func `a malformed record stops all workers`(jobs: Int) async throws {
        try await Server.withSchema("CREATE TABLE targets.t (a int, b text)") { server in
            let lines = (1...50_000).map { "\($0),x\n" }.joined()
            let load = try await Load.run("a,b\n" + lines + "1,2,3\n" + lines, into: "targets.t") {
                $0.load.jobs = jobs
                $0.load.batchBytes = .kibibytes(16)
            }
            #expect(load.code == .data && load.error?.location?.line == 50_002)
            #expect(load.error?.server == nil && load.counts.addsUp)
            #expect(load.counts.recordsRead == 50_001)
            let count = try await server.value("SELECT count(*) FROM targets.t")
            #expect(count == "\(load.counts.rowsLoaded)")
        }
    }

    /// Its reader waits in `poll` and must be woken.
    @Test func `a refused value ends an import whose FIFO has fallen silent`() async throws {
        let folder = TemporaryFolder()
        let fifo = folder.fifo("fifo")
        let writer = Writer(fifo)
        try await Server.withSchema("CREATE TABLE targets.t (a int)") { server in
            async let run = Load.run(.files([fifo]), into: "targets.t") {
                $0.load.batchBytes = .kibibytes(1)
            }
            writer.write("a\n1\nx\n" + String(repeating: "3\n", count: 1_000))
            let load = try await run
            #expect(load.code == .data && load.error?.location?.line == 3)
            #expect(load.counts.addsUp)
        }
        writer.leave()
    }

    @Test func `the committed ranges reach to a last line without an end`() async throws {
        try await Server.withSchema("CREATE TABLE targets.t (a int)") { server in
            let folder = TemporaryFolder()
            let paths = [folder.file("1", "a\n1\n2"), folder.file("2", "a\n3\nx\n")]
            let load = try await Load.run(.files(paths), into: "targets.t") { $0.load.jobs = 1 }
            let committed = try #require(load.report.committed.first)
            #expect(committed.firstLine == 2 && committed.lastLine == 3)
            #expect(committed.firstByte == 2 && committed.endByte == 5)
        }
    }
}
