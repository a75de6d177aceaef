import SluiceTestSupport
import Testing

/// Backends are terminated again and again, from another session.
@Suite(.serialized, .timeLimit(.minutes(60)), .server, .needs("--retry-timeout"))
struct TerminateTests {
    @Test(arguments: [[], ["--jobs", "1"]])
    func `terminated backends cost nothing`(flags: [String]) async throws {
        try await expectSurvival(flags, badIn: nil)
    }

    @Test(.needs("--resume"))
    func `terminated backends cost nothing with a ledger`() async throws {
        try await expectSurvival(["--resume"], badIn: nil)
    }

    @Test(.needs("--rejects"))
    func `terminated backends cost no reject`() async throws {
        try await expectSurvival(["--on-error", "reject"], badIn: 10)
    }

    private func expectSurvival(_ flags: [String], badIn: Int?) async throws {
        try await Trial.with(badIn: badIn) { trial in
            for number in 1...TestSettings.tortureRounds {
                let round = try await trial.round(number)
                let rejects = badIn == nil ? [] : ["--rejects", "bad.csv"]
                let running = try round.start(flags + rejects + ["--retry-timeout", "60s"])
                let terminated = try await terminate(round)
                let end = await running.end(within: .seconds(90))
                try await round.expectComplete(
                    [end], rejects: badIn.map { _ in "bad.csv" }, "\(terminated) terminated")
            }
        }
    }

    /// Up to ten times all that there are; answers how many they were.
    private func terminate(_ round: Round) async throws -> Int {
        var random = round.trial.random(round.number)
        var terminated = 0
        for _ in 1...10 {
            try await Task.sleep(for: .milliseconds(random.number(in: 10...150)))
            let sql = """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = 'pgsluice'
                """
            terminated += try #require(Int(try await round.trial.database.query(sql)))
        }
        return terminated
    }
}
