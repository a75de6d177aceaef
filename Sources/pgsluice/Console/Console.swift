import Glibc
import Synchronization

/// Standard error: lines, and below them one bar that is redrawn in its place.
final class Console: Sendable {
    private let bar = Mutex("")

    /// Shows `text` as the bar, or takes the bar away if it is empty.
    func show(bar text: String) {
        bar.withLock { bar in
            if bar.isEmpty && text.isEmpty { return }
            writeError(Self.eraser + text)
            bar = text
        }
    }

    /// Writes whole lines above the bar.
    func print(_ lines: [String]) {
        let text = lines.map { $0 + "\n" }.joined()
        bar.withLock { bar in
            writeError(bar.isEmpty ? text : Self.eraser + text + bar)
        }
    }

    /// Writes the last lines of a process that may be stuck in any of the above.
    func printLast(_ lines: [String]) {
        let wasBarShown = bar.withLockIfAvailable { !$0.isEmpty } ?? false
        let text = lines.map { $0 + "\n" }.joined()
        writeError((wasBarShown ? Self.eraser : "") + text, patience: .milliseconds(100))
    }

    /// To the line's start, and clear it.
    private static let eraser = "\r\u{1B}[K"
}

/// What is known of the terminal behind standard error.
enum Terminal {
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    static var isInputTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Whether a line can be redrawn.
    static var canRedraw: Bool {
        isErrorTerminal && getenv("TERM").map { String(cString: $0) } != "dumb"
    }

    /// Columns; 80 where nobody says.
    static var width: Int {
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 80
    }
}
