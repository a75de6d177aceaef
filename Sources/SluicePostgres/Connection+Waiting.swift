import SluiceCore

extension Connection {
    /// How long a call waits for the server.
    enum Patience {
        /// Until the stall timeout has passed without progress, or an interrupt.
        case work
        /// Until `deadline`, or an interrupt.
        case connect(deadline: ContinuousClock.Instant, timeout: Duration)
        /// Until `deadline`, whatever happens.
        case cleanUp(deadline: ContinuousClock.Instant)

        /// For a clean-up that begins now.
        static var newCleanUp: Patience {
            .cleanUp(deadline: .now + Connection.cleanUpTimeout)
        }
    }

    /// Waits until the socket is ready, or is none: libpq then says what has happened.
    ///
    /// - Throws: `cancelled`, or `stalled` or `connectTimeout` when patience ends.
    func wait(
        for event: OwnThread.Event, on socket: Int32, _ patience: Patience
    ) throws(PostgresError) {
        guard socket >= 0 else { return }
        let (deadline, timeoutError) = limits(of: patience)
        while true {
            switch patience {
            case .work, .connect: try checkInterrupt()
            case .cleanUp: break
            }
            switch thread.wait(for: event, on: socket, until: deadline) {
            case .ready: return
            case .woken: continue
            case .timedOut: throw timeoutError
            }
        }
    }

    private func limits(
        of patience: Patience
    ) -> (deadline: ContinuousClock.Instant?, error: PostgresError) {
        switch patience {
        case .work: (stallTimeout.map { .now + $0 }, .stalled(after: stallTimeout ?? .zero))
        case .connect(let deadline, let timeout): (deadline, .connectTimeout(after: timeout))
        case .cleanUp(let deadline): (deadline, .stalled(after: Connection.cleanUpTimeout))
        }
    }

    /// Whether there is, or comes in time, something to read: the end of the connection is.
    func isReadable(_ socket: Int32, within duration: Duration) -> Bool {
        let deadline = ContinuousClock.now + duration
        while true {
            switch thread.wait(for: .readable, on: socket, until: deadline) {
            case .ready: return true
            case .woken: continue
            case .timedOut: return false
            }
        }
    }
}
