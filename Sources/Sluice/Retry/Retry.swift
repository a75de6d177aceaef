import SluicePostgres

/// How long to wait before the next try: exponential backoff with full jitter, all tries together
/// no longer than a timeout.
struct Retry: Sendable {
    /// The longest pause before the first retry, and before any.
    private static let first = Duration.milliseconds(100)
    private static let longest = Duration.seconds(10)
    /// A full disk does not empty by itself.
    private static let diskPause = Duration.seconds(5)

    private let timeout: Duration
    private var start: ContinuousClock.Instant?
    private(set) var count = 0

    init(timeout: Duration) {
        self.timeout = timeout
    }

    /// When the tries end; before the first failure: not yet known.
    var deadline: ContinuousClock.Instant { (start ?? .now) + timeout }

    /// The pause before the next try; nil: there is none.
    ///
    /// - Parameter random: from 0 to 1.
    mutating func pause(
        after error: PostgresError, at now: ContinuousClock.Instant,
        random: Double = .random(in: 0...1)
    ) -> Duration? {
        let start = self.start ?? now
        self.start = start
        guard now - start < timeout else { return nil }
        let limit = min(Self.first * Double(1 << min(count, 10)), Self.longest)
        count += 1
        let pause = limit * random
        let wanted = error.sqlState == .diskFull ? max(pause, Self.diskPause) : pause
        return min(wanted, start + timeout - now)
    }
}

extension PostgresError {
    /// Whether another try may go well.
    ///
    /// - Parameter isInRecovery: the server is a standby, as far as is known.
    func isTransient(isInRecovery: Bool) -> Bool {
        switch self {
        case .connectTimeout, .connectionLost, .stalled: true
        case .connectionFailed(_, let state): state.map { !$0.refusesForGood } ?? true
        case .server(let diagnostics) where diagnostics.endsConnection:
            !diagnostics.sqlState.refusesForGood
        case .server(let diagnostics):
            Self.transient.contains(diagnostics.sqlState)
                || isInRecovery && Self.readOnly.contains(diagnostics.sqlState.code)
        case .commitUncertain, .cancelled, .falseAlarm, .rolledBack, .poolClosed,
            .protocolViolation, .outOfMemory:
            false
        }
    }

    /// Whether the connection was lost, or none came about, and the next one may stand.
    var isLoss: Bool {
        switch self {
        case .server(let diagnostics):
            diagnostics.endsConnection && isTransient(isInRecovery: false)
        default: isTransient(isInRecovery: false)
        }
    }

    /// Whether a server that was never reached may be so yet: it starts, or is full.
    var isNotYet: Bool {
        guard case .connectionFailed(_, let state?) = self else { return isLost }
        return state == .cannotConnectNow || state == .tooManyConnections
    }

    /// Whether a connection that stood was lost.
    private var isLost: Bool {
        switch self {
        case .connectionFailed, .connectTimeout, .stalled: false
        default: isLoss
        }
    }

    /// Of a server that is there, and of a connection that stands.
    private static let transient: Set<SQLState> = [
        .serializationFailure, .deadlockDetected, .lockNotAvailable, .tooManyConnections,
        .outOfMemory, .diskFull,
    ]

    /// What a standby says to a transaction that writes.
    private static let readOnly: Set<String> = ["25006", "0A000", "55000"]
}

extension SQLState {
    /// A connection that is refused with it would be again.
    fileprivate var refusesForGood: Bool {
        ["28", "42"].contains(classCode) || ["3D000", "57P04", "25P04", "08P01"].contains(code)
    }
}
