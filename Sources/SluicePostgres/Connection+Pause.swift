import SluiceCore

extension Connection {
    /// Waits, and does nothing, for so long.
    ///
    /// - Throws: `cancelled`.
    package func pause(_ duration: Duration) throws(PostgresError) {
        let deadline = ContinuousClock.now + duration
        while true {
            try checkInterrupt()
            if thread.wait(for: .readable, on: -1, until: deadline) == .timedOut { return }
        }
    }
}
