import Glibc

/// What a machine lacks: the tests of it are skipped, but never in silence, and never in CI.
package enum LoudSkip {
    /// - Parameter text: what to say where it is missing.
    package static func isWanted(_ isThere: Bool, _ text: String) -> Bool {
        if !isThere, !Environment.isCI { tell(text) }
        return isThere || Environment.isCI
    }

    static func tell(_ text: String) {
        let text = "\n*** \(text)\n\n"
        _ = write(STDERR_FILENO, text, text.utf8.count)
    }
}
