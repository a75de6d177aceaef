import CSluiceSystem
import Glibc
package import SluiceCore

/// An open input: a regular file, or a stream (standard input, a FIFO, a device).
///
/// It belongs to one task, on one `OwnThread`, and closes with the end of its life.
package struct InputFile: ~Copyable {
    package let name: String
    /// The size of a regular file when it was opened, from where it is read; nil for a stream, and
    /// for a file that has none.
    package let size: Int?
    package private(set) var bytesRead = 0

    private let descriptor: Int32
    private let closes: Bool

    /// Opens a file by its path.
    ///
    /// Never waits: a FIFO without a writer opens too, and is waited for in `read`.
    /// - Throws: `SourceError` of the kind `unopenable`.
    package init(path: String) throws(SourceError) {
        let descriptor: Int32
        do {
            descriptor = try retryingOnInterrupt { open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
        } catch {
            throw .unopenable(error)
        }
        do {
            size = try Self.size(of: descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        name = path
        closes = true
    }

    /// Standard input, which keeps its flags and stays open.
    ///
    /// - Throws: `SourceError` of the kind `unopenable`: it is closed, or a directory.
    package init(standardInputNamed name: String) throws(SourceError) {
        descriptor = STDIN_FILENO
        size = try Self.size(of: descriptor)
        self.name = name
        closes = false
    }

    deinit {
        if closes { close(descriptor) }
    }

    /// What is left of a regular file; nil for anything else.
    private static func size(of descriptor: Int32) throws(SourceError) -> Int? {
        var status = stat()
        do {
            try retryingOnInterrupt { fstat(descriptor, &status) }
        } catch {
            throw .unopenable(error)
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: throw .directory
        case S_IFREG where status.st_size == 0 && isMadeUp(descriptor): return nil
        case S_IFREG: return max(0, Int(status.st_size) - max(0, lseek(descriptor, 0, SEEK_CUR)))
        default: return nil
        }
    }

    /// The size of a regular file, in bytes; nil for all else. Opens nothing: to open a FIFO and
    /// close it again would end its writer.
    package static func regularSize(path: String) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Whether the file is one that the kernel makes up as it is read, which has content but no size.
    private static func isMadeUp(_ descriptor: Int32) -> Bool {
        sluice_is_kernel_file(descriptor) == 1
    }

    /// Whether the path names a FIFO or a device.
    package static func isStream(path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        return ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
    }

    /// Reads what is there, waiting for the first byte; 0 at the end.
    ///
    /// A regular file ends where it ended when it was opened.
    /// - Throws: `SourceError`: `interrupted` when the thread was woken, else `unreadable`.
    package mutating func read(
        into buffer: UnsafeMutableRawBufferPointer, on thread: OwnThread
    ) throws(SourceError) -> Int {
        let wanted = min(buffer.count, size.map { $0 - bytesRead } ?? buffer.count)
        guard wanted > 0 else { return 0 }
        while true {
            if size == nil { try waitForInput(on: thread) }
            let count = Glibc.read(descriptor, buffer.baseAddress!, wanted)
            if count < 0 {
                let failure = Errno.current
                if failure.code == EINTR || failure.code == EAGAIN { continue }
                throw .unreadable(failure, at: bytesRead)
            }
            if count == 0, let size { throw .shrank(from: size, to: bytesRead) }
            bytesRead += count
            return count
        }
    }

    /// Whether it is a regular file, from its first byte on.
    package var canSeek: Bool { size != nil && closes }

    /// Goes on reading at `offset`, from the file's start.
    ///
    /// - Throws: `SourceError` of the kind `unreadable`.
    package mutating func seek(to offset: Int) throws(SourceError) {
        precondition(canSeek)
        do {
            try retryingOnInterrupt { lseek(descriptor, offset, SEEK_SET) }
        } catch {
            throw .unreadable(error, at: offset)
        }
        bytesRead = offset
    }

    /// A read of a stream may block, so none is done before `poll` says that it won't.
    private func waitForInput(on thread: OwnThread) throws(SourceError) {
        guard case .ready = thread.wait(for: .readable, on: descriptor, until: nil) else {
            throw .interrupted
        }
    }

    /// Reads bytes of a regular file, counted from where it is read, and leaves it where it stands.
    ///
    /// - Throws: `SourceError` of the kind `unreadable`.
    func add(
        _ range: Range<Int>, to accumulator: inout Digest128.Accumulator
    ) throws(SourceError) {
        let start = max(0, Int(lseek(descriptor, 0, SEEK_CUR))) - bytesRead
        var bytes = [UInt8](repeating: 0, count: range.count)
        var filled = 0
        while filled < range.count {
            let offset = range.lowerBound + filled
            let count = bytes.withUnsafeMutableBytes { bytes in
                pread(
                    descriptor, bytes.baseAddress! + filled, bytes.count - filled, start + offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(.current, at: offset) }
            guard count > 0 else { throw .shrank(from: range.upperBound, to: offset) }
            filled += count
        }
        bytes.withUnsafeBytes { accumulator.add($0) }
    }

    /// Whether a regular file has become longer since it was opened.
    package var hasGrown: Bool {
        guard let size, let rest = try? Self.size(of: descriptor) else { return false }
        return bytesRead == size && rest > 0
    }
}
