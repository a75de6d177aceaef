import Synchronization

/// The end that a signal asks for: the first cancels, the second ends the process at once.
final class Interruption: Sendable {
    private struct State {
        var signal: Int32?
        var isReportClaimed = false
    }

    private let state = Mutex(State())

    /// The first signal that came.
    var signal: Int32? { state.withLock { $0.signal } }

    /// Answers true once: to the one who is to print the report.
    func claimReport() -> Bool {
        state.withLock { state in
            defer { state.isReportClaimed = true }
            return !state.isReportClaimed
        }
    }

    /// Answers true for the first signal.
    func received(_ signal: Int32) -> Bool {
        state.withLock { state in
            guard state.signal == nil else { return false }
            state.signal = signal
            return true
        }
    }
}
