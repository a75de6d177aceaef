import SluiceCore

/// Why an input could not be read.
package struct SourceError: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// It is missing, a directory, or may not be read.
        case unopenable
        /// A read failed, or the file became shorter meanwhile.
        case unreadable
        /// The waiting reader was woken to look whether it is cancelled.
        case interrupted
    }

    package let kind: Kind
    /// What happened, without the input's name.
    package let description: String

    static func unopenable(_ errno: Errno) -> SourceError {
        SourceError(kind: .unopenable, description: "could not be opened: \(errno)")
    }

    static let directory = SourceError(kind: .unopenable, description: "is a directory")

    static func unreadable(_ errno: Errno, at offset: Int) -> SourceError {
        SourceError(kind: .unreadable, description: "could not be read at byte \(offset): \(errno)")
    }

    static func shrank(from size: Int, to offset: Int) -> SourceError {
        SourceError(
            kind: .unreadable,
            description: "became shorter while it was read: \(offset) bytes of \(size)")
    }

    static let interrupted = SourceError(kind: .interrupted, description: "was interrupted")
}
