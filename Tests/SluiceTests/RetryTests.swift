import SluicePostgres
import Testing

@testable import Sluice

/// When the next try comes.
@Suite struct RetryTests {
    private let start = ContinuousClock.now

    @Test func `pauses grow twofold up to ten seconds`() throws {
        var retry = Retry(timeout: .seconds(1_000))
        var pauses: [Duration] = []
        for _ in 0..<12 {
            let pause = retry.pause(after: .stalled(after: .zero), at: start, random: 1)
            pauses.append(try #require(pause))
        }
        #expect(pauses.prefix(7).map { $0 / .milliseconds(100) } == [1, 2, 4, 8, 16, 32, 64])
        #expect(pauses[7...].allSatisfy { $0 == .seconds(10) })
        #expect(retry.count == 12)
    }

    @Test func `jitter is full`() {
        var retry = Retry(timeout: .seconds(1_000))
        #expect(retry.pause(after: .falseAlarm, at: start, random: 0) == .zero)
        #expect(retry.pause(after: .falseAlarm, at: start, random: 0.5) == .milliseconds(100))
    }

    @Test func `all tries together last no longer than the timeout, from the first failure on`() {
        var retry = Retry(timeout: .seconds(2))
        #expect(retry.pause(after: .falseAlarm, at: start, random: 1) == .milliseconds(100))
        #expect(retry.deadline == start + .seconds(2))
        for _ in 0..<5 { _ = retry.pause(after: .falseAlarm, at: start, random: 1) }
        let late = start + .milliseconds(1_500)
        #expect(retry.pause(after: .falseAlarm, at: late, random: 1) == .milliseconds(500))
        #expect(retry.pause(after: .falseAlarm, at: start + .seconds(2), random: 1) == nil)
    }

    @Test func `no time, no retry`() {
        var retry = Retry(timeout: .zero)
        #expect(retry.pause(after: .falseAlarm, at: start) == nil)
    }

    @Test func `a full disk is given five seconds, or what is left`() {
        let full = PostgresError.server(ServerDiagnostics(sqlState: .diskFull, message: ""))
        var retry = Retry(timeout: .seconds(7))
        #expect(retry.pause(after: full, at: start, random: 0) == .seconds(5))
        let late = start + .seconds(5)
        #expect(retry.pause(after: full, at: late, random: 0) == .seconds(2))
    }

    @Test(arguments: [
        ("40001", true), ("40P01", true), ("55P03", true), ("53300", true), ("53200", true),
        ("53100", true), ("25006", false), ("57014", false), ("42501", false), ("08P01", false),
        ("22P02", false), ("23505", false), ("54000", false), ("58030", false),
    ])
    func `on a connection that stands few errors pass`(state: String, passes: Bool) throws {
        let state = try #require(SQLState(state))
        let error = PostgresError.server(ServerDiagnostics(sqlState: state, message: ""))
        #expect(error.isTransient(isInRecovery: false) == passes)
        #expect(error.isTransient(isInRecovery: true) == (passes || state.code == "25006"))
    }

    @Test(arguments: [
        ("57P01", true), ("57P02", true), ("XX000", true), ("57P04", false), ("28000", false),
        ("3D000", false), ("25P04", false), ("42501", false),
    ])
    func `a connection that was ended may stand again`(state: String, passes: Bool) throws {
        var diagnostics = ServerDiagnostics(
            sqlState: try #require(SQLState(state)), message: "")
        diagnostics.severityNonlocalized = "FATAL"
        #expect(PostgresError.server(diagnostics).isTransient(isInRecovery: false) == passes)
    }
}
