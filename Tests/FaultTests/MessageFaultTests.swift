import SluiceTestSupport
import Testing

/// The connection fails at the n-th message of an import, for every n.
///
/// In a day's run at some of them; from 50 rounds on at each.
@Suite(.serialized, .timeLimit(.minutes(60)), .server, .needs("--retry-timeout"))
struct MessageFaultTests {
    /// Three batches of one connection.
    private static let records = 1_500

    private static let quick: [(Fault.Action, Fault.Moment)] = [
        (.cut, .before), (.cut, .within), (.cut, .after), (.reset, .before), (.reset, .after),
    ]

    @Test(arguments: quick)
    func `a connection that breaks at any message loses and doubles nothing`(
        action: Fault.Action, moment: Fault.Moment
    ) async throws {
        try await strikeEverywhere(action, moment, [])
    }

    @Test(.needs("--resume"), arguments: quick)
    func `with a ledger nothing is left uncertain`(
        action: Fault.Action, moment: Fault.Moment
    ) async throws {
        try await strikeEverywhere(action, moment, ["--resume"])
    }

    @Test(.needs("--atomic"), arguments: quick)
    func `all or nothing, nothing is left uncertain`(
        action: Fault.Action, moment: Fault.Moment
    ) async throws {
        try await strikeEverywhere(action, moment, ["--atomic"])
    }

    @Test(.needs("--atomic"), arguments: [true, false])
    func `all or nothing, silence leaves nothing uncertain`(keepsServer: Bool) async throws {
        try await strikeEverywhere(
            .stall(keepsServer: keepsServer), .before, ["--stall-timeout", "2s", "--atomic"])
    }

    @Test(arguments: [true, false])
    func `a connection that falls silent at any message loses and doubles nothing`(
        keepsServer: Bool
    ) async throws {
        try await strikeEverywhere(
            .stall(keepsServer: keepsServer), .before, ["--stall-timeout", "2s"])
    }

    @Test(.needs("--resume"), arguments: [true, false])
    func `with a ledger silence leaves nothing uncertain`(keepsServer: Bool) async throws {
        try await strikeEverywhere(
            .stall(keepsServer: keepsServer), .before, ["--stall-timeout", "2s", "--resume"])
    }

    /// What every retry depends on.
    @Test(arguments: [MessagePattern.commit, .committed], Fault.Moment.allCases)
    func `a connection that breaks around COMMIT, at every batch`(
        pattern: MessagePattern, moment: Fault.Moment
    ) async throws {
        try await withProxy { trial, proxy in
            for number in 1...4 {
                let round = try await trial.round(number, pause: .zero)
                let fault = Fault(.cut, moment, pattern, number: number)
                try await expectSurvival(round, proxy, fault, [])
            }
        }
    }

    private func withProxy(_ body: (Trial, FaultProxy) async throws -> Void) async throws {
        try await FaultProxy.with(PrivateServer.address) { proxy in
            let reach = "host=127.0.0.1 port=\(proxy.port) user=postgres dbname=sluice"
            try await Trial.with(records: Self.records, reachedBy: reach) { trial in
                try await body(trial, proxy)
            }
        }
    }

    /// Goes from message to message until a run meets no fault.
    private func strikeEverywhere(
        _ action: Fault.Action, _ moment: Fault.Moment, _ flags: [String]
    ) async throws {
        try await withProxy { trial, proxy in
            let count = try await messages(trial, proxy, flags)
            let isSlow = flags.contains("--stall-timeout")
            let rounds = isSlow ? TestSettings.slowRounds : TestSettings.tortureRounds
            let step = rounds >= 50 ? 1 : max(1, count / rounds)
            var random = trial.random(0)
            var number = random.number(in: 1...step)
            repeat {
                let round = try await trial.round(number, pause: .zero)
                try await expectSurvival(round, proxy, Fault(action, moment, number: number), flags)
                number += step
            } while !proxy.struck.isEmpty
        }
    }

    /// How many messages an import has that nobody disturbs.
    private func messages(
        _ trial: Trial, _ proxy: FaultProxy, _ flags: [String]
    ) async throws -> Int {
        proxy.arm()
        let round = try await trial.round(0, pause: .zero)
        try await round.expectComplete([try await round.run(["--jobs", "1"] + flags)])
        return proxy.trace.count
    }

    private func expectSurvival(
        _ round: Round, _ proxy: FaultProxy, _ fault: Fault, _ flags: [String]
    ) async throws {
        proxy.arm(fault)
        let end = try await round.run(["--jobs", "1", "--retry-timeout", "30s"] + flags)
        // What a silent connection has left on the server must not hold the next round up.
        proxy.cutAll()
        let struck = proxy.struck.first
        let note = "\(fault); struck: \(struck.map(\.description) ?? "nothing")"
        if end.status == 69, isForgiven(end, proxy, flags) {
            try await round.expectHonest(end, statuses: [69], note)
        } else {
            try await round.expectComplete([end], note)
        }
    }

    /// Without a ledger it may be unable to tell; before its first row it may just as well say
    /// that there is no server.
    private func isForgiven(_ end: ImportEnd, _ proxy: FaultProxy, _ flags: [String]) -> Bool {
        let isExact = flags.contains("--resume") || flags.contains("--atomic")
        let isUncertain = !end.uncertainLines.isEmpty && !isExact
        return isUncertain || !proxy.trace.contains { $0.kind == .typed("d") }
    }
}
