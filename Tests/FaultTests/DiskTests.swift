import SluiceTestSupport
import Testing

/// The server's disk is full, for a while or for good.
@Suite(
    .serialized, .timeLimit(.minutes(60)), .server, .needs("--retry-timeout"),
    .enabled(if: SmallDisk.canMount, "none may be mounted"))
struct DiskTests {
    @Test(arguments: [[], ["--on-error", "reject"]])
    func `a disk that is full for a while is waited for`(flags: [String]) async throws {
        try await withSmallTablespace { trial, disk, tablespace in
            let round = try await trial.round(1, tablespace: tablespace)
            disk.fill(leaving: 512 << 10)
            let running = try round.start(flags + ["--retry-timeout", "60s"])
            try await awaitFull(round)
            disk.clear()
            let end = await running.end(within: .seconds(90))
            try await round.expectComplete([end], "the disk was full")
            #expect(end.report?.retries ?? 0 >= 1, "\(round): \(end)")
        }
    }

    @Test(arguments: [[], ["--on-error", "reject"]])
    func `a disk that stays full ends the import in time, and rejects nothing`(
        flags: [String]
    ) async throws {
        try await withSmallTablespace { trial, disk, tablespace in
            let round = try await trial.round(1, tablespace: tablespace)
            disk.fill(leaving: 512 << 10)
            let end = try await round.run(flags + ["--retry-timeout", "3s"])
            try await round.expectHonest(end, statuses: [69], "the disk is full")
            #expect(end.report?.rows_rejected == 0, "\(round): \(end)")
            #expect(end.duration < .seconds(30), "\(round): \(end)")
            disk.clear()
        }
    }

    private func withSmallTablespace(
        _ body: (Trial, SmallDisk, String) async throws -> Void
    ) async throws {
        try await SmallDisk.with(megabytes: 24) { disk in
            let name = "small_\(UInt32.random(in: 0 ... .max))"
            let database = Database.privateServer
            try await database.query("CREATE TABLESPACE \(name) LOCATION '\(disk.folder)'")
            try await Trial.with { trial in try await body(trial, disk, name) }
            try await database.query("DROP TABLESPACE \(name)")
        }
    }

    /// Until the server has said so: its log names the schema in no other case.
    private func awaitFull(_ round: Round) async throws {
        let folder = try #require(PrivateServer.folder)
        let said = try await becomesTrue {
            let log = try await ChildProcess.run(["/usr/bin/tail", "-n", "200", folder + "/log"])
            return log.output.contains("No space left on device")
                && log.output.contains(round.trial.schema)
        }
        try #require(said, "the disk did not run full: \(round)")
    }
}
