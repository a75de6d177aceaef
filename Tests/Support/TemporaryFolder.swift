import Glibc

/// A folder of a test's own, gone with all its files when the test is.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() {
        var template = Array("/tmp/pgsluice-test.XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "no folder can be made in /tmp")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Servers run as somebody else.
        chmod(path, 0o755)
    }

    deinit {
        Self.remove(path)
    }

    private static func remove(_ path: String) {
        guard unlink(path) != 0, let stream = opendir(path) else { return }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { remove(path + "/" + name) }
        }
        closedir(stream)
        rmdir(path)
    }

    package static func / (folder: TemporaryFolder, name: String) -> String {
        folder.path + "/" + name
    }

    /// Writes a file and answers its path.
    package func file(_ name: String, _ bytes: some Collection<UInt8>) -> String {
        let bytes = Array(bytes)
        let file = fopen(self / name, "we")
        precondition(file != nil, "\(name) can be made")
        let written = fwrite(bytes, 1, bytes.count, file!)
        precondition(fclose(file!) == 0 && written == bytes.count, "\(name) can be written")
        return self / name
    }

    package func file(_ name: String, _ text: String) -> String {
        file(name, Array(text.utf8))
    }

    /// Makes a FIFO and answers its path.
    package func fifo(_ name: String) -> String {
        precondition(mkfifo(self / name, 0o600) == 0, "a FIFO can be made")
        return self / name
    }

    /// Empty if there is no such file.
    package func contents(_ name: String) -> [UInt8] {
        guard let file = fopen(self / name, "re") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
            bytes += chunk[..<count]
        }
        return bytes
    }

    package func folder(_ name: String) -> String {
        precondition(mkdir(self / name, 0o755) == 0, "a folder can be made")
        return self / name
    }
}

/// An open descriptor to write a test's input to.
package struct Writer: ~Copyable, Sendable {
    package let descriptor: Int32

    /// Opens a FIFO for writing, whether somebody reads it or not; a file otherwise.
    package init(_ path: String, append: Bool = false) {
        descriptor = open(path, (append ? O_WRONLY | O_APPEND : O_RDWR) | O_CLOEXEC)
        precondition(descriptor >= 0, "\(path) can be opened")
    }

    deinit {
        close(descriptor)
    }

    /// Closes it now.
    package consuming func leave() {}

    package func write(_ text: String) {
        let count = text.utf8.count
        precondition(Glibc.write(descriptor, text, count) == count, "the input can be written")
    }
}
