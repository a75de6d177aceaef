import Glibc
import SluiceCore

/// A file that is being written, through a buffer.
struct OutputFile: ~Copyable {
    private static let bufferLength = 64 << 10

    let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    enum Existing { case refuse, replace, append }

    /// Makes the file, for its owner only.
    ///
    /// - Throws: `Failure` of the code `output`.
    init(path: String, existing: Existing) throws(Failure) {
        let disposition =
            switch existing {
            case .refuse: O_EXCL
            case .replace: O_TRUNC
            case .append: O_APPEND
            }
        do {
            descriptor = try retryingOnInterrupt {
                open(path, O_WRONLY | O_CREAT | O_CLOEXEC | disposition, 0o600)
            }
        } catch {
            throw .output(path, error)
        }
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    /// - Throws: `Failure` of the code `io`: the disk is full, say.
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        guard bytes.count < Self.bufferLength else {
            try flush()
            return try writeOut(bytes)
        }
        if buffer.count + bytes.count > Self.bufferLength { try flush() }
        buffer.append(contentsOf: bytes)
    }

    mutating func write(_ bytes: ArraySlice<UInt8>) throws(Failure) {
        if buffer.count + bytes.count > Self.bufferLength { try flush() }
        buffer.append(contentsOf: bytes)
    }

    mutating func write(_ text: String) throws(Failure) {
        if buffer.count + text.utf8.count > Self.bufferLength { try flush() }
        buffer.append(contentsOf: text.utf8)
    }

    /// Puts what was written on disk.
    mutating func synchronize() throws(Failure) {
        try flush()
        do throws(Errno) {
            try retryingOnInterrupt { fsync(descriptor) }
        } catch  where error.code == EINVAL || error.code == EROFS {
            // A pipe or a device has no disk.
        } catch {
            throw .notWritten(path, error)
        }
    }

    /// Appends all of another file.
    mutating func append(fileAt source: String) throws(Failure) {
        try flush()
        let input: Int32
        do throws(Errno) {
            input = try retryingOnInterrupt { open(source, O_RDONLY | O_CLOEXEC) }
        } catch {
            throw Failure(.io, "\(source) could not be read: \(error)")
        }
        defer { close(input) }
        var chunk = [UInt8](repeating: 0, count: Self.bufferLength)
        while true {
            let count = try Self.read(input, into: &chunk, of: source)
            if count == 0 { return }
            let failure = chunk.withUnsafeBytes {
                self.failure(ofWriting: UnsafeRawBufferPointer(rebasing: $0[..<count]))
            }
            if let failure { throw failure }
        }
    }

    private static func read(
        _ descriptor: Int32, into chunk: inout [UInt8], of path: String
    ) throws(Failure) -> Int {
        do throws(Errno) {
            return try retryingOnInterrupt { Glibc.read(descriptor, &chunk, chunk.count) }
        } catch {
            throw Failure(.io, "\(path) could not be read: \(error)")
        }
    }

    mutating func flush() throws(Failure) {
        guard !buffer.isEmpty else { return }
        let failure = buffer.withUnsafeBytes { self.failure(ofWriting: $0) }
        buffer.removeAll(keepingCapacity: true)
        if let failure { throw failure }
    }

    private func failure(ofWriting bytes: UnsafeRawBufferPointer) -> Failure? {
        do throws(Failure) {
            try writeOut(bytes)
            return nil
        } catch {
            return error
        }
    }

    private func writeOut(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let left = UnsafeRawBufferPointer(rebasing: rest)
            do throws(Errno) {
                rest = rest.dropFirst(
                    try retryingOnInterrupt {
                        Glibc.write(descriptor, left.baseAddress!, left.count)
                    })
            } catch {
                throw .notWritten(path, error)
            }
        }
    }
}

extension Failure {
    static func output(_ path: String, _ error: Errno) -> Failure {
        let exists = error.code == EEXIST
        return Failure(
            .output, "\(path) \(exists ? "exists" : "can't be made: \(error)")",
            advice: exists
                ? "name another file with --rejects, move it away, or replace it with "
                    + "--rejects-overwrite"
                : "name a file that can be written with --rejects, or say --rejects none")
    }

    fileprivate static func notWritten(_ path: String, _ error: Errno) -> Failure {
        Failure(.io, "\(path) could not be written: \(error)", advice: "make room, and try again")
    }
}
