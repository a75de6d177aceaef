import Glibc
import SluiceTestSupport
import Testing

/// However an import is ended, it ends soon, says what is true, and can be gone on with.
@Suite(.serialized, .timeLimit(.minutes(60)), .server)
struct EndingTests {
    private static let signals: [(Int32, Int32)] = [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)]

    @Test(arguments: signals)
    func `a signal at any moment: three seconds, and the truth`(
        signal: Int32, status: Int32
    ) async throws {
        try await Trial.with { trial in
            for number in 1...TestSettings.tortureRounds {
                let round = try await trial.round(number)
                let (end, note) = try await interrupted(round, [], by: signal)
                try await expectEnded(round, end, status, note)
            }
        }
    }

    @Test(.needs("--resume", "--rejects"), arguments: signals)
    func `a signal amid rejects: no half line, and the rest by resuming`(
        signal: Int32, status: Int32
    ) async throws {
        try await Trial.with(badIn: 3) { trial in
            let flags = ["--resume", "--on-error", "reject", "--rejects", "bad.csv"]
            for number in 1...TestSettings.tortureRounds {
                let round = try await trial.round(number)
                let (end, note) = try await interrupted(round, flags, by: signal)
                if end.status != 3 { try await expectEnded(round, end, status, note) }
                expectWholeLines(round, "bad.csv", note)
                let rest = try await round.run(flags)
                try await round.expectComplete([end, rest], rejects: "bad.csv", note)
            }
        }
    }

    private func interrupted(
        _ round: Round, _ flags: [String], by signal: Int32
    ) async throws -> (ImportEnd, String) {
        var random = round.trial.random(round.number)
        let running = try round.start(flags)
        // Before that it may not listen yet, and the signal would end it by itself.
        try await Task.sleep(for: .milliseconds(random.number(in: 100...700)))
        running.process.send(signal)
        let asked = ContinuousClock.now
        let end = await running.end(within: .seconds(10))
        let time = asked.duration(to: .now)
        let note = "signal \(signal), ended \(time) later"
        #expect(time < .seconds(3), "\(round): \(note): \(end)")
        return (end, note)
    }

    /// It may have been ready just before.
    private func expectEnded(
        _ round: Round, _ end: ImportEnd, _ status: Int32, _ note: String
    ) async throws {
        if end.status == 0 {
            try await round.expectComplete([end], note)
        } else {
            try await round.expectHonest(end, statuses: [status], note)
        }
    }

    private func expectWholeLines(_ round: Round, _ name: String, _ note: String) {
        for file in [name, name + ".log"] {
            guard let last = lastByte(of: "\(round.folder)/\(file)") else { continue }
            #expect(last == UInt8(ascii: "\n"), "\(round): \(note): \(file) ends within a line")
        }
    }

    private func lastByte(of path: String) -> UInt8? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        guard fseek(file, -1, SEEK_END) == 0 else { return nil }
        return UInt8(truncatingIfNeeded: getc(file))
    }

    @Test(.needs("--resume", "--rejects"))
    func `standard output that takes nothing: exit 74, and everything is in`() async throws {
        try await Trial.with(records: 2_000, badIn: 10) { trial in
            let flags = ["--resume", "--on-error", "reject", "--rejects", "bad.csv"]
            let round = try await trial.round(1)
            let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
            defer { close(full) }
            let end = try await round.start(flags, output: full).end()
            #expect(end.status == 74, "\(round): \(end)")
            let count = try await round.count()
            #expect(count == trial.orders.goodCount, "\(round): \(end)")
        }
    }

    @Test(.needs("--resume", "--rejects"), .enabled(if: SmallDisk.canMount, "none may be mounted"))
    func `a full disk under the reject file: exit 74 or 73, and the rest by resuming`()
        async throws
    {
        try await SmallDisk.with(megabytes: 4) { disk in
            try await Trial.with(badIn: 3) { trial in
                let round = try await trial.round(1)
                let flags = [
                    "--resume", "--on-error", "reject", "--rejects", disk.folder + "/bad.csv",
                ]
                disk.fill(leaving: 64 << 10)
                let end = try await round.run(flags, within: .seconds(30))
                try await round.expectHonest(end, statuses: [73, 74], "the disk is full")
                disk.clear()
                let rest = try await round.run(flags)
                try await round.expectComplete([end, rest], "there is room again")
            }
        }
    }

    @Test(arguments: signals)
    func `a signal while the server hangs: three seconds`(
        signal: Int32, status: Int32
    ) async throws {
        try await FaultProxy.with(PrivateServer.address) { proxy in
            let reach = "host=127.0.0.1 port=\(proxy.port) user=postgres dbname=sluice"
            try await Trial.with(records: 1_500, reachedBy: reach) { trial in
                for number in 1...TestSettings.tortureRounds {
                    let round = try await trial.round(number, pause: .zero)
                    try await expectEnd(round, proxy, by: signal, status)
                }
            }
        }
    }

    private func expectEnd(
        _ round: Round, _ proxy: FaultProxy, by signal: Int32, _ status: Int32
    ) async throws {
        var random = round.trial.random(round.number)
        let message = random.number(in: 1...60)
        proxy.arm(Fault(.stall(keepsServer: true), .before, number: message))
        let running = try round.start(["--jobs", "1"])
        #expect(await becomesTrue { !proxy.struck.isEmpty }, "\(round): message \(message)")
        running.process.send(signal)
        let asked = ContinuousClock.now
        let end = await running.end(within: .seconds(10))
        let time = asked.duration(to: .now)
        let note = "silent since message \(message), ended \(time) later"
        #expect(time < .seconds(3), "\(round): \(note): \(end)")
        proxy.cutAll()
        // A COMMIT that the server may have got is told first.
        let isUncertain = !end.uncertainLines.isEmpty
        try await round.expectHonest(end, statuses: [isUncertain ? 69 : status], note)
    }

    @Test func `a server that hangs from the start: bounded time, exit 69`() async throws {
        try await FaultProxy.with(PrivateServer.address) { proxy in
            let reach =
                "host=127.0.0.1 port=\(proxy.port) user=postgres dbname=sluice connect_timeout=2"
            try await Trial.with(records: 10, reachedBy: reach) { trial in
                let round = try await trial.round(1)
                proxy.arm(Fault(.stall(keepsServer: false), counting: .inEachConnection, times: 99))
                let limit =
                    try await Program.has(["--retry-timeout"])
                    ? ["--retry-timeout", "3s"] : []
                let end = try await round.run(limit, within: .seconds(30))
                proxy.cutAll()
                #expect(end.duration < .seconds(10), "\(round): \(end)")
                try await round.expectHonest(end, statuses: [69], "\(proxy.struck)")
            }
        }
    }
}
