import Foundation
import Testing

/// A terminal that a test holds the other end of.
///
/// By Linux's own calls: Swift's Glibc has no `posix_openpt`.
final class PseudoTerminal {
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    private let outer: FileHandle
    /// For the program.
    let inner: FileHandle

    init() throws {
        let descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (lock, number): (Int32, Int32) = (0, 0)
        try #require(ioctl(descriptor, Self.setLock, &lock) == 0)
        try #require(ioctl(descriptor, Self.getNumber, &number) == 0)
        outer = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(terminal >= 0)
        inner = FileHandle(fileDescriptor: terminal, closeOnDealloc: true)
    }
}
