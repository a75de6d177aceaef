import Testing

@testable import SluicePostgres

@Suite struct PoolStateMachineTests {
    typealias Machine = PoolStateMachine

    /// Takes a lease, which must be granted by opening a connection.
    private func open(_ machine: inout Machine) throws -> PlaceID {
        guard case .grant(.open(let place)) = machine.lease(machine.newWaiter()) else {
            throw NotGranted()
        }
        return place
    }

    private struct NotGranted: Error {}

    /// Waits for a lease, which must not be granted.
    private func wait(_ machine: inout Machine) -> WaiterID {
        let waiter = machine.newWaiter()
        #expect(machine.lease(waiter) == .wait)
        return waiter
    }

    @Test func `lease when places are left opens, up to the maximum`() throws {
        var machine = Machine(maximum: 2)
        let first = try open(&machine)
        let second = try open(&machine)
        #expect(first != second)
        _ = wait(&machine)
    }

    @Test func `lease when one is idle reuses the one used last`() throws {
        var machine = Machine(maximum: 2)
        let first = try open(&machine)
        let second = try open(&machine)
        #expect(machine.released(first, .reuse) == .nothing)
        #expect(machine.released(second, .reuse) == .nothing)
        #expect(machine.lease(machine.newWaiter()) == .grant(.reuse(second)))
        #expect(machine.lease(machine.newWaiter()) == .grant(.reuse(first)))
    }

    @Test func `released when somebody waits goes to whoever came first`() throws {
        var machine = Machine(maximum: 1)
        let place = try open(&machine)
        let first = wait(&machine)
        let second = wait(&machine)
        #expect(machine.released(place, .reuse) == .resume(first, .reuse(place)))
        #expect(machine.released(place, .reuse) == .resume(second, .reuse(place)))
        #expect(machine.released(place, .reuse) == .nothing)
    }

    @Test func `a discarded place is free only when its connection is closed`() throws {
        var machine = Machine(maximum: 1)
        let place = try open(&machine)
        #expect(machine.released(place, .discard) == .close(place))
        let waiter = wait(&machine)
        guard case .resume(waiter, .open(let next)) = machine.closed(place) else {
            Issue.record("the waiter is due")
            return
        }
        #expect(next != place)
        #expect(machine.released(next, .discard) == .close(next))
        #expect(machine.closed(next) == .nothing)
        _ = try open(&machine)
    }

    @Test func `cancelled when waiting takes the waiter out`() throws {
        var machine = Machine(maximum: 1)
        let place = try open(&machine)
        let first = wait(&machine)
        let second = wait(&machine)
        #expect(machine.cancelled(first) == .fail(first))
        #expect(machine.cancelled(first) == .nothing)
        #expect(machine.released(place, .reuse) == .resume(second, .reuse(place)))
        #expect(machine.cancelled(second) == .nothing)
    }

    @Test func `close when nothing is out is the end`() {
        var machine = Machine(maximum: 1)
        #expect(machine.close() == Machine.CloseAction())
        #expect(machine.state == .closed)
        #expect(machine.lease(machine.newWaiter()) == .refuse)
        #expect(machine.close() == Machine.CloseAction())
    }

    @Test func `close when connections are idle closes them`() throws {
        var machine = Machine(maximum: 2)
        let first = try open(&machine)
        let second = try open(&machine)
        _ = machine.released(first, .reuse)
        _ = machine.released(second, .reuse)
        #expect(machine.close() == Machine.CloseAction(closing: [first, second]))
        #expect(machine.closed(first) == .nothing)
        #expect(machine.state == .closing)
        #expect(machine.closed(second) == .finish)
        #expect(machine.state == .closed)
    }

    @Test func `close when some wait refuses them, and waits for what is lent`() throws {
        var machine = Machine(maximum: 1)
        let place = try open(&machine)
        let waiter = wait(&machine)
        #expect(machine.close() == Machine.CloseAction(refused: [waiter]))
        #expect(machine.cancelled(waiter) == .nothing)
        #expect(machine.lease(machine.newWaiter()) == .refuse)
        #expect(machine.released(place, .reuse) == .close(place))
        #expect(machine.closed(place) == .finish)
    }

    @Test func `close when one is closing waits for it`() throws {
        var machine = Machine(maximum: 1)
        let place = try open(&machine)
        #expect(machine.released(place, .discard) == .close(place))
        #expect(machine.close() == Machine.CloseAction())
        #expect(machine.state == .closing)
        #expect(machine.closed(place) == .finish)
    }

    @Test func `released twice traps`() async {
        await #expect(processExitsWith: .failure) {
            var machine = PoolStateMachine(maximum: 1)
            guard case .grant(.open(let place)) = machine.lease(machine.newWaiter()) else { return }
            _ = machine.released(place, .reuse)
            _ = machine.released(place, .reuse)
        }
    }
}
