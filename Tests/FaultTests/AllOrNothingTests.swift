import Glibc
import SluiceTestSupport
import Testing

/// All rows or none, whoever looks and whenever.
@Suite(.serialized, .timeLimit(.minutes(60)), .server, .needs("--single-transaction", "--atomic"))
struct AllOrNothingTests {
    private static let flags = ["--single-transaction", "--atomic"]

    @Test(arguments: flags)
    func `nobody sees a part`(flag: String) async throws {
        try await Trial.with { trial in
            let round = try await trial.round(1)
            let running = try round.start([flag])
            let isWhole = try await becomesTrue(within: .seconds(60)) {
                let count = try await round.count()
                #expect([0, trial.orders.goodCount].contains(count), "\(round): \(flag)")
                return count > 0
            }
            let end = await running.end()
            #expect(isWhole, "\(round): \(flag): \(end)")
            try await round.expectComplete([end], flag)
        }
    }

    @Test(arguments: flags, [SIGKILL, SIGINT])
    func `ended at any moment it leaves nothing, and the next run everything`(
        flag: String, signal: Int32
    ) async throws {
        try await Trial.with { trial in
            for number in 1...TestSettings.tortureRounds {
                var random = trial.random(number)
                let round = try await trial.round(number)
                let running = try round.start([flag])
                try await Task.sleep(for: .milliseconds(random.number(in: 100...600)))
                running.process.send(signal)
                let end = await running.end()
                try await expectAllOrNothing(round, end, flag)
            }
        }
    }

    @Test(.needs("--retry-timeout"), arguments: flags)
    func `with its backend terminated it leaves all or nothing`(flag: String) async throws {
        try await Trial.with { trial in
            for number in 1...TestSettings.tortureRounds {
                var random = trial.random(number)
                let round = try await trial.round(number)
                let running = try round.start([flag, "--retry-timeout", "30s"])
                try await Task.sleep(for: .milliseconds(random.number(in: 100...600)))
                try await trial.database.query(
                    """
                    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE application_name = 'pgsluice'
                    """)
                let end = await running.end(within: .seconds(90))
                try await expectAllOrNothing(round, end, flag)
            }
        }
    }

    /// A COMMIT that was on its way may still have come through.
    private func expectAllOrNothing(
        _ round: Round, _ end: ImportEnd, _ flag: String
    ) async throws {
        let isSettled = try await becomesTrue {
            try await round.trial.database.backends(named: "pgsluice") == 0
        }
        #expect(isSettled, "\(round): \(flag): backends are left: \(end)")
        let count = try await round.count()
        let isAll = count == round.trial.orders.goodCount
        #expect(count == 0 || isAll, "\(round): \(flag): \(count) rows: \(end)")
        #expect(end.status != 0 || isAll, "\(round): \(flag): \(count) rows: \(end)")
        guard !isAll else { return }
        let again = try await round.run([flag])
        try await round.expectComplete([end, again], flag)
    }

    @Test(arguments: flags)
    func `a record that is refused at the end leaves nothing`(flag: String) async throws {
        try await Trial.with(records: 5_000) { trial in
            let round = try await trial.round(1, pause: .zero)
            try await trial.database.query(
                "ALTER TABLE \(round.table) ADD CHECK (id < \(trial.orders.recordCount))")
            let end = try await round.run([flag])
            #expect(end.status == 65, "\(round): \(flag): \(end)")
            let count = try await round.count()
            #expect(count == 0, "\(round): \(flag): \(end)")
        }
    }
}
