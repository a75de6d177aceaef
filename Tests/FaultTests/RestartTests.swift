import SluiceTestSupport
import Testing

/// The server crashes under the load, and comes back.
@Suite(.serialized, .timeLimit(.minutes(60)), .server, .needs("--retry-timeout"))
struct RestartTests {
    @Test(.needs("--resume"), arguments: ["on", "off"])
    func `a crash of the server costs nothing with a ledger`(
        synchronousCommit: String
    ) async throws {
        let setting = "synchronous_commit = \(synchronousCommit)"
        try await ServerCluster.with(setting) { cluster in
            try await Trial.with(on: cluster.database) { trial in
                for number in 1...TestSettings.slowRounds {
                    let round = try await trial.round(number)
                    let end = try await crashed(round, cluster, ["--resume"])
                    try await round.expectComplete([end], setting)
                }
            }
        }
    }

    @Test(.needs("--resume", "--rejects"))
    func `a crash of the server costs no reject`() async throws {
        let flags = ["--resume", "--on-error", "reject", "--rejects", "bad.csv"]
        try await ServerCluster.with { cluster in
            try await Trial.with(badIn: 10, on: cluster.database) { trial in
                for number in 1...TestSettings.slowRounds {
                    let round = try await trial.round(number)
                    let end = try await crashed(round, cluster, flags)
                    try await round.expectComplete([end], rejects: "bad.csv")
                }
            }
        }
    }

    @Test func `without a ledger a crash leaves everything, or the truth about it`() async throws {
        try await ServerCluster.with { cluster in
            try await Trial.with(on: cluster.database) { trial in
                for number in 1...TestSettings.slowRounds {
                    let round = try await trial.round(number)
                    let end = try await crashed(round, cluster, [])
                    if end.status == 0 {
                        try await round.expectComplete([end])
                    } else {
                        try await round.expectHonest(end, statuses: [69])
                    }
                }
            }
        }
    }

    @Test func `a crash that empties an unlogged table is fatal`() async throws {
        try await ServerCluster.with { cluster in
            try await Trial.with(on: cluster.database) { trial in
                for number in 1...TestSettings.slowRounds {
                    let round = try await trial.round(number, .unlogged)
                    let end = try await crashed(round, cluster, [])
                    #expect(end.status == 69, "\(round): \(end)")
                    #expect(end.report?.addsUp == true, "\(round): \(end)")
                }
            }
        }
    }

    @Test(.needs("--resume"))
    func `an unlogged table is not resumed`() async throws {
        try await Trial.with(records: 100) { trial in
            let round = try await trial.round(1, pause: .zero, .unlogged)
            let end = try await round.run(["--resume"])
            try await round.expectHonest(end, statuses: [65])
            let count = try await round.count()
            #expect(count == 0, "\(round): \(end)")
        }
    }

    /// Crashes the server at a moment of the seed's, once there are rows.
    private func crashed(
        _ round: Round, _ cluster: ServerCluster, _ flags: [String]
    ) async throws -> ImportEnd {
        var random = round.trial.random(round.number)
        let running = try round.start(flags + ["--retry-timeout", "60s"])
        try await round.awaitFirstRows()
        try await Task.sleep(for: .milliseconds(random.number(in: 0...200)))
        try await cluster.restart(.immediate)
        return await running.end(within: .seconds(90))
    }
}
