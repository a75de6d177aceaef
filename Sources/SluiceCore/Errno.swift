import Glibc

/// What the C library says of a call that failed.
public struct Errno: Error, Hashable, Sendable, CustomStringConvertible {
    public let code: Int32

    public init(code: Int32) {
        self.code = code
    }

    /// The calling thread's `errno`.
    public static var current: Errno { Errno(code: errno) }

    public var description: String { String(cString: strerror(code)) }
}

/// Runs a system call again as long as a signal interrupts it.
///
/// - Throws: `Errno` when the call answers -1 for another reason.
@discardableResult
package func retryingOnInterrupt<Result: SignedInteger>(
    _ call: () -> Result
) throws(Errno) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        let failure = Errno.current
        if failure.code != EINTR { throw failure }
    }
}
