import Glibc
import SluiceCore

/// A file descriptor that the process was started with; what is written is not buffered.
struct Descriptor: Sendable {
    static let output = Descriptor(number: STDOUT_FILENO)
    static let error = Descriptor(number: STDERR_FILENO)

    let number: Int32

    /// Writes all of `text`.
    ///
    /// - Parameter patience: how long the reader may take nothing; nil: for ever.
    /// - Throws: what the system says; `ETIMEDOUT` for a reader that took nothing for too long.
    func write(_ text: String, patience: Duration? = nil) throws(Errno) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            try awaitWritable(patience)
            // A pipe that `poll` calls writable takes this many bytes without blocking.
            let piece = bytes[written..<min(written + Int(PIPE_BUF), bytes.count)]
            do {
                written += try retryingOnInterrupt {
                    piece.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
                }
            } catch  where error.code == EAGAIN {
                continue
            }
        }
    }

    private func awaitWritable(_ patience: Duration?) throws(Errno) {
        var event = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        let timeout = patience.map { Int32($0 / .milliseconds(1)) } ?? -1
        let ready = try retryingOnInterrupt { poll(&event, 1, timeout) }
        if ready == 0 { throw Errno(code: ETIMEDOUT) }
    }
}

/// Writes to standard error; where that is closed there is nobody left to tell.
func writeError(_ text: String, patience: Duration? = nil) {
    try? Descriptor.error.write(text, patience: patience)
}

/// Takes the numbers 0, 1 and 2 where the process was started without them, so that no file and
/// no socket gets one of them and with it the report.
///
/// What stands in refuses the wrong direction: reading from standard input and writing to standard
/// output fail with EBADF, as if nothing were there.
func openMissingDescriptors() {
    let modes = [STDIN_FILENO: O_WRONLY, STDOUT_FILENO: O_RDONLY, STDERR_FILENO: O_WRONLY]
    for (number, mode) in modes.sorted(by: { $0.key < $1.key })
    where fcntl(number, F_GETFD) == -1 {
        // The lowest free number is this one: those below are taken.
        _ = open("/dev/null", mode)
    }
}
