/// One of the at most `maximum` connections of a pool, from the lease that opens it to its end.
struct PlaceID: Hashable {
    fileprivate let number: Int
}

/// One who waits for a lease.
struct WaiterID: Hashable {
    fileprivate let number: Int
}

/// Who has which connection of a pool, and who is next.
///
/// Pure: it knows places, not connections, and answers what the pool is to do, which the pool does
/// outside of its lock. Whoever holds a place also opens and closes the connection in it.
///
/// A place is *lent*, then *idle* or *closing*, and lent again or gone. Nobody waits while a
/// place is idle or could be had. Waiters are served in the order in which they came.
struct PoolStateMachine: Hashable {
    enum State: Hashable {
        /// Exits: closing (close), closed (close, when no place is left).
        case running
        /// No leases any more; some places are still lent or closing.
        /// Exits: closed (released and closed, the last of them).
        case closing
        /// No exits.
        case closed
    }

    /// A place, and what to do with it first.
    enum Grant: Hashable {
        /// Its connection was in use before: look whether it is well.
        case reuse(PlaceID)
        /// Open a connection for it.
        case open(PlaceID)
    }

    /// What becomes of a lease's connection.
    enum Fate: Hashable {
        case reuse, discard
    }

    private let maximum: Int
    private(set) var state = State.running
    private var lent: Set<PlaceID> = []
    private var closing: Set<PlaceID> = []
    /// Used last, lent first.
    private var idle: [PlaceID] = []
    private var waiters: [WaiterID] = []
    private var count = 0

    /// `maximum` counts connections and is at least 1.
    init(maximum: Int) {
        precondition(maximum > 0, "a pool without a place")
        self.maximum = maximum
    }

    enum LeaseAction: Hashable {
        case grant(Grant)
        case wait
        /// The pool is closed.
        case refuse
    }

    /// A name for somebody who wants a connection.
    mutating func newWaiter() -> WaiterID {
        WaiterID(number: nextNumber())
    }

    /// He wants it now.
    mutating func lease(_ waiter: WaiterID) -> LeaseAction {
        switch state {
        case .running:
            if let place = idle.popLast() {
                lent.insert(place)
                return .grant(.reuse(place))
            }
            if lent.count + closing.count < maximum { return .grant(.open(newPlace())) }
            waiters.append(waiter)
            return .wait
        case .closing, .closed:
            return .refuse
        }
    }

    enum CancelAction: Hashable {
        /// He has got his answer.
        case nothing
        /// Tell him that he was cancelled.
        case fail(WaiterID)
    }

    /// A waiter does not want a connection any more.
    mutating func cancelled(_ waiter: WaiterID) -> CancelAction {
        guard let index = waiters.firstIndex(of: waiter) else { return .nothing }
        waiters.remove(at: index)
        return .fail(waiter)
    }

    enum ReleaseAction: Hashable {
        case nothing
        /// The place goes to him as it is.
        case resume(WaiterID, Grant)
        /// Close its connection, then tell `closed`.
        case close(PlaceID)
    }

    /// A lease has ended.
    mutating func released(_ place: PlaceID, _ fate: Fate) -> ReleaseAction {
        precondition(lent.contains(place), "released what was not lent")
        switch (state, fate) {
        case (.running, .reuse):
            guard waiters.isEmpty else { return .resume(waiters.removeFirst(), .reuse(place)) }
            lent.remove(place)
            idle.append(place)
            return .nothing
        case (.running, .discard), (.closing, .reuse), (.closing, .discard):
            lent.remove(place)
            closing.insert(place)
            return .close(place)
        case (.closed, .reuse), (.closed, .discard):
            preconditionFailure("a lease outlived its pool")
        }
    }

    enum ClosedAction: Hashable {
        case nothing
        case resume(WaiterID, Grant)
        /// Tell those who wait for the end of the pool.
        case finish
    }

    /// The connection of a place is closed.
    mutating func closed(_ place: PlaceID) -> ClosedAction {
        precondition(closing.contains(place), "closed what was not closing")
        closing.remove(place)
        switch state {
        case .running:
            guard !waiters.isEmpty else { return .nothing }
            return .resume(waiters.removeFirst(), .open(newPlace()))
        case .closing:
            guard lent.isEmpty, closing.isEmpty else { return .nothing }
            state = .closed
            return .finish
        case .closed:
            preconditionFailure("a connection outlived its pool")
        }
    }

    struct CloseAction: Hashable {
        /// Tell them that the pool is closed.
        var refused: [WaiterID] = []
        /// Close their connections, then tell `closed` for each.
        var closing: [PlaceID] = []
    }

    /// The pool is to end: no more leases, and those that are lent are waited for.
    mutating func close() -> CloseAction {
        switch state {
        case .running:
            let action = CloseAction(refused: waiters, closing: idle)
            closing.formUnion(idle)
            waiters = []
            idle = []
            state = lent.isEmpty && closing.isEmpty ? .closed : .closing
            return action
        case .closing, .closed:
            return CloseAction()
        }
    }

    private mutating func newPlace() -> PlaceID {
        let place = PlaceID(number: nextNumber())
        lent.insert(place)
        return place
    }

    private mutating func nextNumber() -> Int {
        count += 1
        return count
    }
}
