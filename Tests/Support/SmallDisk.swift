import Glibc

/// A file system of a few megabytes, to be filled up.
package struct SmallDisk: Sendable {
    /// The owner's of servers, and everybody may write there.
    package let folder: String

    /// Whether one may be mounted. Nothing that could be installed helps where not, and so it is
    /// no failure even in CI, where tests run in containers that may not.
    package static let canMount: Bool = {
        if !mayMount { LoudSkip.tell("MAY NOT MOUNT: TESTS THAT NEED A SMALL DISK ARE SKIPPED") }
        return mayMount
    }()

    /// Whether this process has CAP_SYS_ADMIN, number 21.
    private static let mayMount: Bool = {
        guard let file = fopen("/proc/self/status", "re") else { return false }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
            guard words.count == 2, words[0] == "CapEff:" else { continue }
            return (UInt64(words[1], radix: 16) ?? 0) >> 21 & 1 == 1
        }
        return false
    }()

    /// Lends one that is unmounted afterwards.
    package static func with<Value>(
        megabytes: Int, _ body: (SmallDisk) async throws -> Value
    ) async throws -> Value {
        let disk = SmallDisk(folder: try ServerPrograms.makeFolder())
        try await run("/bin/mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "none", disk.folder)
        ServerPrograms.give(disk.folder)
        chmod(disk.folder, 0o777)
        let result: Result<Value, any Error>
        do { result = .success(try await body(disk)) } catch { result = .failure(error) }
        // A server that still has files there keeps them.
        try await run("/bin/umount", "--lazy", disk.folder)
        rmdir(disk.folder)
        return try result.get()
    }

    private static func run(_ command: String...) async throws {
        let end = try await ChildProcess.run(command)
        guard end.status == 0 else { throw ChildFailed(end) }
    }

    /// Takes all that is free, but for so many bytes.
    package func fill(leaving bytes: Int = 0) {
        let file = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        precondition(file >= 0, "a file can be made there")
        defer { close(file) }
        let zeros = [UInt8](repeating: 0, count: 4_096)
        while write(file, zeros, zeros.count) == zeros.count {}
        if bytes > 0 { ftruncate(file, max(0, lseek(file, 0, SEEK_END) - off_t(bytes))) }
    }

    /// Gives back what `fill` took.
    package func clear() {
        unlink(filler)
    }

    private var filler: String { folder + "/filler" }
}
