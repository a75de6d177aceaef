import Dispatch
import Glibc

/// Ends the process when a cancelled import does not, so that a signal's promise of 2 seconds
/// holds whatever hangs.
enum Watchdog {
    /// What is left of the 2 seconds is for the last words.
    private static let patience = DispatchTimeInterval.milliseconds(1_800)

    /// - Parameter lastWords: prints the report; must not wait for anything.
    static func start(
        after signal: Int32, interruption: Interruption, lastWords: @escaping @Sendable () -> Void
    ) {
        // A queue of its own has a thread of its own, even while all others are stuck.
        DispatchQueue(label: "pgsluice.watchdog").asyncAfter(deadline: .now() + patience) {
            if interruption.claimReport() {
                lastWords()
            } else {
                // The report is being printed: it gets the time that a reader needs, no more.
                usleep(150_000)
            }
            _exit(ExitStatus.of(signal: signal))
        }
    }
}
