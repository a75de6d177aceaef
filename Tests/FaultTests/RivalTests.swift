import SluiceTestSupport
import Testing

/// One import is started twice.
@Suite(.serialized, .timeLimit(.minutes(60)), .server, .needs("--resume"))
struct RivalTests {
    @Test func `of two runs of one import one wins, and nothing is doubled`() async throws {
        try await expectOneWinner(badIn: nil, ["--resume"])
    }

    @Test(.needs("--rejects"))
    func `of two runs with rejects one wins, and its reject file is whole`() async throws {
        try await expectOneWinner(
            badIn: 10, ["--resume", "--on-error", "reject", "--rejects", "bad.csv"])
    }

    private func expectOneWinner(badIn: Int?, _ flags: [String]) async throws {
        try await Trial.with(badIn: badIn) { trial in
            for number in 1...TestSettings.tortureRounds {
                let round = try await trial.round(number)
                var random = trial.random(number)
                let first = try round.start(flags)
                try await Task.sleep(for: .milliseconds(random.number(in: 0...300)))
                let second = try round.start(flags)
                let ends = [await first.end(), await second.end()]
                try await judge(round, ends, rejects: badIn.map { _ in "bad.csv" })
            }
        }
    }

    private func judge(_ round: Round, _ ends: [ImportEnd], rejects: String?) async throws {
        let done: Int32 = rejects == nil ? 0 : 3
        let losers = ends.filter { $0.status == 75 }
        #expect(losers.count == 1, "\(round): \(ends)")
        for winner in ends where winner.status == done {
            try await round.expectComplete(losers + [winner], rejects: rejects)
        }
    }
}
