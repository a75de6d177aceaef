import SluiceTestSupport
import Testing

/// The primary dies under the load, and its standby takes over.
@Suite(.serialized, .timeLimit(.minutes(60)), .server, .needs("--retry-timeout"))
struct FailoverTests {
    @Test(.needs("--resume"))
    func `a promoted standby goes on where the primary ended`() async throws {
        for number in 1...TestSettings.slowRounds {
            try await withFailover(number, ["--resume"]) { round, end in
                try await round.expectComplete([end], "failed over")
            }
        }
    }

    /// An asynchronous standby might lack what was acknowledged, and nobody could tell.
    @Test func `without a ledger another timeline is fatal`() async throws {
        for number in 1...TestSettings.slowRounds {
            try await withFailover(number, []) { round, end in
                try await round.expectHonest(end, statuses: [69], "failed over")
            }
        }
    }

    private func withFailover(
        _ number: Int, _ flags: [String], _ judge: (Round, ImportEnd) async throws -> Void
    ) async throws {
        try await ServerCluster.with("synchronous_standby_names = 'second'") { primary in
            try await primary.withStandby(named: "second") { standby in
                let reach =
                    "host=127.0.0.1,127.0.0.1 port=\(primary.port),\(standby.port) "
                    + "user=postgres dbname=postgres"
                // What was written is looked for where it is in the end.
                try await Trial.with(on: Database(reach + " target_session_attrs=read-write")) {
                    trial in
                    let round = try await trial.round(number)
                    let command = flags + ["--retry-timeout", "60s"]
                    let running = try round.start(command, reachedBy: reach)
                    try await round.awaitFirstRows()
                    try await primary.stop(.immediate)
                    try await standby.promote()
                    try await judge(round, await running.end(within: .seconds(90)))
                }
            }
        }
    }
}
