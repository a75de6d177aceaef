/// What a proxy does to a connection, and at which message.
package struct Fault: Sendable, CustomStringConvertible {
    package enum Action: Sendable, Hashable {
        /// Both sides are closed.
        case cut
        /// Both sides are closed by RST: what is on its way is lost.
        case reset
        /// Nothing passes any more, and the client is not told. The server keeps its side, or
        /// loses it.
        case stall(keepsServer: Bool)
        case delay(Duration)
    }

    package enum Moment: Sendable, Hashable, CaseIterable {
        /// The message does not pass.
        case before
        /// Half of it passes.
        case within
        case after
    }

    package enum Counting: Sendable, Hashable { case overall, inEachConnection }

    package var action: Action
    package var moment: Moment
    package var pattern: MessagePattern
    /// Which of the messages that match, from 1.
    package var number: Int
    package var counting: Counting
    /// How often it strikes: with `inEachConnection` in so many connections, overall at so many
    /// messages in a row.
    package var times: Int

    package init(
        _ action: Action, _ moment: Moment = .before, _ pattern: MessagePattern = .any,
        number: Int = 1, counting: Counting = .overall, times: Int = 1
    ) {
        self.action = action
        self.moment = moment
        self.pattern = pattern
        self.number = number
        self.counting = counting
        self.times = times
    }

    package var description: String {
        "\(action) \(moment) message \(number) of \(pattern), \(counting), \(times) times"
    }
}

/// Counts messages, and says which of them is struck.
struct FaultPlan {
    private(set) var trace: [WireMessage] = []
    /// The messages at which a fault struck.
    private(set) var struck: [WireMessage] = []
    private var faults: [Armed] = []

    private struct Armed {
        let fault: Fault
        var strikes = 0
        /// Matches by connection; overall under 0.
        var matches: [Int: Int] = [:]

        mutating func strikes(_ message: WireMessage) -> Bool {
            guard fault.pattern.matches(message), strikes < fault.times else { return false }
            let isOverall = fault.counting == .overall
            let match = matches[isOverall ? 0 : message.connection, default: 0] + 1
            matches[isOverall ? 0 : message.connection] = match
            guard isOverall ? match >= fault.number : match == fault.number else { return false }
            strikes += 1
            return true
        }
    }

    /// Forgets what was seen and armed before.
    mutating func arm(_ faults: [Fault]) {
        self = FaultPlan()
        self.faults = faults.map { Armed(fault: $0) }
    }

    /// Every fault counts the message, the first that strikes is applied.
    mutating func judge(_ message: WireMessage) -> Fault? {
        trace.append(message)
        var applied: Fault?
        for index in faults.indices where faults[index].strikes(message) {
            applied = applied ?? faults[index].fault
        }
        if applied != nil { struck.append(message) }
        return applied
    }
}
