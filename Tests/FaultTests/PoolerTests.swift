import Glibc
import SluiceTestSupport
import Testing

/// PgBouncer in transaction mode: each transaction may run on another of the server's sessions.
@Suite(
    .serialized, .timeLimit(.minutes(60)), .server,
    .enabled(if: PgBouncer.isWanted, "there is no pgbouncer"))
struct PoolerTests {
    @Test func `an import behind a pooler is as any other`() async throws {
        try await expectComplete([], badIn: nil)
    }

    @Test(.needs("--rejects"))
    func `rejects behind a pooler are as any others`() async throws {
        try await expectComplete(["--on-error", "reject", "--rejects", "bad.csv"], badIn: 10)
    }

    @Test(.needs("--resume"))
    func `a ledger behind a pooler is as any other`() async throws {
        try await expectComplete(["--resume"], badIn: nil)
    }

    @Test(.needs("--resume", "--rejects"))
    func `killed and resumed behind a pooler, nothing is lost or doubled`() async throws {
        let flags = ["--resume", "--on-error", "reject", "--rejects", "bad.csv"]
        try await withPooler(badIn: 10) { trial in
            for number in 1...TestSettings.tortureRounds {
                var random = trial.random(number)
                let round = try await trial.round(number)
                let running = try round.start(flags)
                try await Task.sleep(for: .milliseconds(random.number(in: 50...500)))
                running.process.send(SIGKILL)
                let ends = [await running.end(), try await round.run(flags)]
                try await round.expectComplete(ends, rejects: "bad.csv")
            }
        }
    }

    private func expectComplete(_ flags: [String], badIn: Int?) async throws {
        try await withPooler(badIn: badIn) { trial in
            let round = try await trial.round(1, pause: .zero)
            let end = try await round.run(flags)
            try await round.expectComplete([end], rejects: badIn.map { _ in "bad.csv" })
        }
    }

    private func withPooler(badIn: Int?, _ body: (Trial) async throws -> Void) async throws {
        let server = try PrivateServer.port
        try await PgBouncer.with(before: server) { bouncer in
            let reach = bouncer.conninfo(database: "sluice")
            try await Trial.with(badIn: badIn, reachedBy: reach, isPooled: true, body)
        }
    }
}
