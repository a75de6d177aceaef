import Testing

@testable import SluicePostgres

@Suite struct CopySessionStateMachineTests {
    typealias Machine = CopySessionStateMachine

    private static func copying() -> Machine {
        var machine = Machine()
        machine.open()
        machine.started()
        return machine
    }

    private static func probing() -> Machine {
        var machine = copying()
        _ = machine.inputArrived(noticeCount: 0)
        machine.nothingArrived()
        return machine
    }

    private static func finishing() -> Machine {
        var machine = copying()
        machine.finish()
        return machine
    }

    private static func opening() -> Machine {
        var machine = Machine()
        machine.open()
        return machine
    }

    private static let refusal = PostgresError.server(
        ServerDiagnostics(sqlState: SQLState("22P02")!, message: "no integer"))

    @Test func `a COPY opens, takes data, ends and leaves room for the next`() {
        var machine = Machine()
        machine.open()
        #expect(machine.state == .opening)
        machine.started()
        #expect(machine.state == .copying(isSuspicious: false))
        machine.finish()
        #expect(machine.state == .finishing)
        #expect(machine.answered(rowCount: 3, error: nil) == .succeed(rowCount: 3))
        #expect(machine.state == .idle)
        machine.open()
    }

    @Test func `refused when opening, it is idle`() {
        var machine = Self.opening()
        machine.refused()
        #expect(machine.state == .idle)
    }

    @Test func `inputArrived when copying, with a notice, goes on`() {
        var machine = Self.copying()
        #expect(machine.inputArrived(noticeCount: 1) == .goOn)
        #expect(machine.state == .copying(isSuspicious: false))
    }

    @Test func `inputArrived when copying, without a notice, is suspicious until one comes`() {
        var machine = Self.copying()
        #expect(machine.inputArrived(noticeCount: 0) == .lookCloser)
        #expect(machine.inputArrived(noticeCount: 0) == .lookCloser)
        #expect(machine.state == .copying(isSuspicious: true))
        #expect(machine.inputArrived(noticeCount: 1) == .goOn)
        #expect(machine.state == .copying(isSuspicious: false))
    }

    @Test func `inputArrived in a COPY that is not ended early, goes on; the next is as ever`() {
        var machine = Machine()
        machine.open(endsEarly: false)
        machine.started()
        #expect(machine.inputArrived(noticeCount: 0) == .goOn)
        machine.finish()
        #expect(machine.answered(rowCount: 1, error: nil) == .succeed(rowCount: 1))
        machine.open()
        machine.started()
        #expect(machine.inputArrived(noticeCount: 0) == .lookCloser)
    }

    @Test func `nothingArrived when suspicious, probes for the error`() {
        var machine = Self.probing()
        #expect(machine.state == .probing)
        #expect(machine.answered(rowCount: nil, error: Self.refusal) == .fail(Self.refusal))
        #expect(machine.state == .idle)
        #expect(machine.looksForErrors)
    }

    @Test func `answered when probing, with our own message, is a false alarm and the last one`() {
        var machine = Self.probing()
        let echo = PostgresError.server(
            ServerDiagnostics(
                sqlState: .queryCanceled, message: "COPY failed: \(Machine.probeMessage)"))
        #expect(machine.answered(rowCount: nil, error: echo) == .fail(.falseAlarm))
        machine.open()
        machine.started()
        #expect(machine.inputArrived(noticeCount: 0) == .goOn)
    }

    @Test func `answered when probing, with another cancellation, is that`() {
        var machine = Self.probing()
        let timeout = PostgresError.server(
            ServerDiagnostics(sqlState: .queryCanceled, message: "statement timeout"))
        #expect(machine.answered(rowCount: nil, error: timeout) == .fail(timeout))
    }

    @Test func `answered when probing, without an error, breaks the protocol`() {
        var machine = Self.probing()
        guard case .fail(.protocolViolation) = machine.answered(rowCount: 1, error: nil) else {
            Issue.record("a COPY that was made to fail cannot succeed")
            return
        }
    }

    @Test func `answered when finishing, fails with the error, or without a count`() {
        var machine = Self.finishing()
        #expect(machine.answered(rowCount: 3, error: Self.refusal) == .fail(Self.refusal))
        #expect(machine.state == .idle)
        machine = Self.finishing()
        guard case .fail(.protocolViolation) = machine.answered(rowCount: nil, error: nil) else {
            Issue.record("no count of rows is no success")
            return
        }
    }

    @Test(arguments: [
        (Machine(), Machine.AbortAction.nothing, Machine.State.idle),
        (Self.opening(), .sendCancelRequest, .aborting),
        (Self.copying(), .sendCopyFail, .aborting),
        (Self.finishing(), .sendCancelRequest, .aborting),
        (Self.probing(), .sendCancelRequest, .aborting),
    ])
    func `abort says how to reach the server`(
        machine: Machine, action: Machine.AbortAction, state: Machine.State
    ) {
        var machine = machine
        #expect(machine.abort() == action)
        #expect(machine.state == state)
        if state == .aborting { machine.aborted() }
        #expect(machine.state == .idle)
    }

    @Test(arguments: [Machine(), Self.opening(), Self.copying(), Self.finishing(), Self.probing()])
    func `connectionLost breaks it for good`(machine: Machine) {
        var machine = machine
        machine.connectionLost()
        #expect(machine.state == .broken)
        #expect(machine.abort() == .nothing)
        #expect(machine.state == .broken)
    }

    @Test func `finish when idle traps`() async {
        await #expect(processExitsWith: .failure) {
            var machine = CopySessionStateMachine()
            machine.finish()
        }
    }

    @Test func `open when copying traps`() async {
        await #expect(processExitsWith: .failure) {
            var machine = CopySessionStateMachine()
            machine.open()
            machine.started()
            machine.open()
        }
    }
}
