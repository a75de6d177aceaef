import Glibc
import SluiceCore

/// A file of our own that is read from its start, through a buffer.
struct InputBytes: ~Copyable {
    private static let bufferLength = 64 << 10

    private let path: String
    private let descriptor: Int32
    private var buffer: ArraySlice<UInt8> = []

    /// - Throws: `Failure` of the code `io`.
    init(path: String) throws(Failure) {
        do throws(Errno) {
            descriptor = try retryingOnInterrupt { open(path, O_RDONLY | O_CLOEXEC) }
        } catch {
            throw Failure(.io, "\(path) could not be read: \(error)")
        }
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    /// The next line, without its line feed; nil at the end.
    mutating func line() throws(Failure) -> [UInt8]? {
        var line: [UInt8] = []
        while try fill() {
            let part = buffer.prefix { $0 != UInt8(ascii: "\n") }
            line += part
            buffer = buffer.dropFirst(part.count)
            guard buffer.isEmpty else {
                buffer = buffer.dropFirst()
                return line
            }
        }
        return line.isEmpty ? nil : line
    }

    /// Moves on behind so many bytes, or to the end.
    mutating func move(_ count: Int, to output: inout OutputFile) throws(Failure) {
        var left = count
        while let part = try part(upTo: left) {
            try output.write(part)
            left -= part.count
        }
    }

    /// The next bytes, so many or all that are left.
    mutating func bytes(_ count: Int) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        while let part = try part(upTo: count - bytes.count) { bytes += part }
        return bytes
    }

    /// Moves on behind so many bytes, or to the end.
    mutating func skip(_ count: Int) throws(Failure) {
        var left = count
        while let part = try part(upTo: left) { left -= part.count }
    }

    /// What is at hand of the next bytes; nil: no more are wanted, or there.
    private mutating func part(upTo count: Int) throws(Failure) -> ArraySlice<UInt8>? {
        guard count > 0, try fill() else { return nil }
        let part = buffer.prefix(count)
        buffer = buffer.dropFirst(part.count)
        return part
    }

    /// False at the end.
    private mutating func fill() throws(Failure) -> Bool {
        guard buffer.isEmpty else { return true }
        var chunk = [UInt8](repeating: 0, count: Self.bufferLength)
        do throws(Errno) {
            let count = try retryingOnInterrupt { read(descriptor, &chunk, chunk.count) }
            buffer = chunk[..<count]
        } catch {
            throw Failure(.io, "\(path) could not be read: \(error)")
        }
        return !buffer.isEmpty
    }
}
