import Glibc
import SluiceTestSupport
import Testing

/// The program is killed again and again, and its import taken up where it was.
@Suite(.serialized, .timeLimit(.minutes(60)), .server, .needs("--resume"))
struct KillTests {
    @Test func `killed at any moment and resumed, every row is there once`() async throws {
        try await Trial.with { trial in
            for number in 1...TestSettings.tortureRounds {
                let round = try await trial.round(number)
                let ends = try await killing(round, ["--resume"])
                try await round.expectComplete(ends)
                try await expectNothingMore(round, ["--resume"])
            }
        }
    }

    @Test(.needs("--rejects"))
    func `killed at any moment and resumed, the reject file is that of a quiet run`() async throws {
        try await Trial.with(badIn: 10) { trial in
            let flags = ["--resume", "--on-error", "reject", "--rejects", "bad.csv"]
            for number in 1...TestSettings.tortureRounds {
                let round = try await trial.round(number)
                let ends = try await killing(round, flags)
                try await round.expectComplete(ends, rejects: "bad.csv")
            }
        }
    }

    /// Kills it up to eight times, each time later on average, and then lets it end.
    private func killing(_ round: Round, _ flags: [String]) async throws -> [ImportEnd] {
        var random = round.trial.random(round.number)
        var ends: [ImportEnd] = []
        for attempt in 1...8 {
            let running = try round.start(flags)
            try await Task.sleep(for: .milliseconds(random.number(in: 0...100 * attempt)))
            running.process.send(SIGKILL)
            ends.append(await running.end())
            if ends.last?.status != ChildEnd.killed { return ends }
        }
        return ends + [try await round.run(flags)]
    }

    /// The same command once more finds that all is done.
    private func expectNothingMore(_ round: Round, _ flags: [String]) async throws {
        let before = try await round.count()
        let again = try await round.run(flags)
        #expect(again.status == 0, "\(round): once more: \(again)")
        let after = try await round.count()
        #expect(after == before, "\(round): once more: \(again)")
    }
}
