import Glibc
import SluiceCore
import SluiceTestSupport
import Testing

@testable import SluiceSource

@Suite(.timeLimit(.minutes(2)))
struct InputFileTests {
    private let folder = TemporaryFolder()

    // MARK: Regular files

    @Test(arguments: [1, 2, 4_095, 4_096, 4_097, 300_000])
    func `a file is read whole, and then ends again and again`(length: Int) async throws {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let path = folder.file("f", bytes)
        try await ThreadResident.with { resident in
            try await resident.run { thread in
                var file = try InputFile(path: path)
                let (size, name) = (file.size, file.name)
                #expect(size == length && name == path)
                #expect(try file.readAll(atMost: 4_096, on: thread) == bytes)
                let (count, hasGrown) = (file.bytesRead, file.hasGrown)
                #expect(count == length && !hasGrown)
                for _ in 0..<3 { #expect(try file.readAll(on: thread).isEmpty) }
            }
        }
    }

    @Test func `an empty file has no bytes`() async throws {
        let path = folder.file("f", "")
        try await ThreadResident.with { resident in
            try await resident.run { thread in
                var file = try InputFile(path: path)
                let size = file.size
                #expect(size == 0)
                for _ in 0..<3 { #expect(try file.readAll(on: thread).isEmpty) }
                let hasGrown = file.hasGrown
                #expect(!hasGrown)
            }
        }
    }

    /// The kernel makes it up: it says that its size is 0.
    @Test func `a file without a size is read to its end`() async throws {
        try await ThreadResident.with { resident in
            try await resident.run { thread in
                var file = try InputFile(path: "/proc/self/status")
                #expect(try file.readAll(atMost: 100, on: thread).starts(with: "Name:".utf8))
            }
        }
    }

    @Test func `a file that grows ends where it ended when it was opened`() async throws {
        let path = folder.file("f", "0123456789")
        try await ThreadResident.with { resident in
            try await resident.run { thread in
                var file = try InputFile(path: path)
                #expect(try file.read(4, on: thread) == Array("0123".utf8))
                Writer(path, append: true).write("abc")
                let hasGrown = file.hasGrown
                #expect(!hasGrown, "not to be told before its end is reached")
                #expect(try file.readAll(on: thread) == Array("456789".utf8))
                let hasGrownAtEnd = file.hasGrown
                #expect(hasGrownAtEnd)
                #expect(try file.readAll(on: thread).isEmpty)
            }
        }
    }

    @Test(arguments: [0, 2, 4, 9])
    func `a file that shrinks is an error, not an end`(length: Int) async throws {
        let path = folder.file("f", "0123456789")
        try await ThreadResident.with { resident in
            try await resident.run { thread in
                var file = try InputFile(path: path)
                #expect(try file.read(4, on: thread) == Array("0123".utf8))
                #expect(truncate(path, off_t(length)) == 0)
                let error = file.failureOfReadingAll(on: thread)
                #expect(error?.kind == .unreadable)
                let end = max(4, length)
                #expect(
                    error?.description == "became shorter while it was read: \(end) bytes of 10")
            }
        }
    }

    @Test func `a file that is replaced or removed is read on`() async throws {
        let path = folder.file("f", "old content")
        let other = folder.file("g", "new")
        try await ThreadResident.with { resident in
            try await resident.run { thread in
                var file = try InputFile(path: path)
                #expect(rename(other, path) == 0 && unlink(path) == 0)
                #expect(try file.readAll(atMost: 3, on: thread) == Array("old content".utf8))
            }
        }
    }

    @Test func `a wake does not end the reading of a file`() async throws {
        let path = folder.file("f", "0123456789")
        try await ThreadResident.with { resident in
            try await resident.run { thread in
                var file = try InputFile(path: path)
                thread.wake()
                #expect(try file.readAll(on: thread).count == 10)
            }
        }
    }

    @Test func `a link is followed`() async throws {
        let path = folder.file("f", "text")
        #expect(symlink(path, folder / "link") == 0)
        let link = folder / "link"
        try await ThreadResident.with { resident in
            try await resident.run { thread in
                var file = try InputFile(path: link)
                let size = file.size
                #expect(size == 4)
                #expect(try file.readAll(on: thread) == Array("text".utf8))
            }
        }
    }

    @Test func `descriptors are closed with the file, or when it can't be opened`() async throws {
        let path = folder.file("f", "text")
        let fifo = folder.fifo("fifo")
        let before = ProcessState.now.descriptors
        for _ in 0..<300 {
            let file = try InputFile(path: path)
            let stream = try InputFile(path: fifo)
            let sizes = (file.size, stream.size)
            #expect(sizes.0 == 4 && sizes.1 == nil)
            #expect(throws: SourceError.self) { _ = try InputFile(path: "/") }
            #expect(throws: SourceError.self) { _ = try InputFile(path: "/nowhere") }
        }
        // Other tests run beside this one.
        #expect(ProcessState.now.descriptors < before + 200)
    }

    // MARK: What can't be opened

    @Test func `a directory is refused`() throws {
        for path in ["/", folder.path, "."] {
            let error = #expect(throws: SourceError.self) { _ = try InputFile(path: path) }
            #expect(error?.kind == .unopenable && error?.description == "is a directory")
        }
    }

    @Test(arguments: ["/nowhere/at/all", "", "/dev/null/file"])
    func `a path that names nothing is refused`(path: String) throws {
        let error = #expect(throws: SourceError.self) { _ = try InputFile(path: path) }
        #expect(error?.kind == .unopenable)
        #expect(error?.description.hasPrefix("could not be opened: ") == true)
        #expect(InputFile.regularSize(path: path) == nil && !InputFile.isStream(path: path))
    }

    @Test(.enabled(if: getuid() != 0, "root may read everything"))
    func `a file that may not be read is refused`() throws {
        let path = folder.file("f", "text")
        #expect(chmod(path, 0) == 0)
        let error = #expect(throws: SourceError.self) { _ = try InputFile(path: path) }
        #expect(error?.description == "could not be opened: Permission denied")
    }

    // MARK: What it is, without opening it

    @Test func `sizes and kinds are told by the path`() {
        let fifo = folder.fifo("fifo")
        let path = folder.file("f", "text")
        #expect(InputFile.regularSize(path: path) == 4 && !InputFile.isStream(path: path))
        #expect(InputFile.regularSize(path: fifo) == nil && InputFile.isStream(path: fifo))
        #expect(InputFile.isStream(path: "/dev/null"))
        #expect(InputFile.regularSize(path: "/") == nil && !InputFile.isStream(path: "/"))
    }

    // MARK: Streams

    @Test func `a device that is empty ends at once`() async throws {
        try await ThreadResident.with { resident in
            try await resident.run { thread in
                var file = try InputFile(path: "/dev/null")
                let size = file.size
                #expect(size == nil)
                #expect(try file.readAll(on: thread).isEmpty)
                let hasGrown = file.hasGrown
                #expect(!hasGrown)
            }
        }
    }

    @Test func `a device without an end is read as long as one likes`() async throws {
        try await ThreadResident.with { resident in
            try await resident.run { thread in
                var file = try InputFile(path: "/dev/zero")
                for _ in 0..<10 {
                    #expect(
                        try file.read(1_000, on: thread) == Array(repeating: 0, count: 1_000))
                }
            }
        }
    }

    @Test func `a FIFO without a writer waits, and a wake ends the wait`() async throws {
        let path = folder.fifo("fifo")
        try await ThreadResident.with { resident in
            let opened = Flag()
            async let outcome = resident.run { thread in
                var file = try InputFile(path: path)
                opened.raise()
                return (file.failureOfReadingAll(on: thread)?.kind, ContinuousClock.now)
            }
            await opened.wait()
            try await Task.sleep(for: .milliseconds(150))
            let start = ContinuousClock.now
            resident.thread.wake()
            let (kind, end) = try await outcome
            #expect(kind == .interrupted)
            #expect(end > start, "it ended before a writer came")
            #expect(end - start < .milliseconds(100))
        }
    }

    @Test func `a FIFO is read on after a wake`() async throws {
        let path = folder.fifo("fifo")
        try await ThreadResident.with { resident in
            try await resident.run { thread in
                var file = try InputFile(path: path)
                thread.wake()
                #expect(file.failureOfReadingAll(on: thread)?.kind == .interrupted)
                let writer = Writer(path)
                writer.write("abc")
                #expect(try file.read(10, on: thread) == Array("abc".utf8))
                let count = file.bytesRead
                #expect(count == 3)
                withExtendedLifetime(writer) {}
            }
        }
    }

    @Test func `a FIFO ends when its last writer has left, not before`() async throws {
        let path = folder.fifo("fifo")
        try await ThreadResident.with { resident in
            let opened = Flag()
            async let bytes = resident.run { thread in
                var file = try InputFile(path: path)
                opened.raise()
                return try file.readAll(on: thread)
            }
            await opened.wait()
            try await Task.sleep(for: .milliseconds(30))
            do {
                let silent = Writer(path)
                try await Task.sleep(for: .milliseconds(30))
                do {
                    let writer = Writer(path)
                    for part in ["a", "bc", ",", "def\n"] {
                        writer.write(part)
                        try await Task.sleep(for: .milliseconds(10))
                    }
                }
                try await Task.sleep(for: .milliseconds(30))
                silent.write("the rest")
            }
            let read = try await bytes
            #expect(read == Array("abc,def\nthe rest".utf8))
        }
    }

    @Test func `a writer that leaves without a word ends a FIFO`() async throws {
        let path = folder.fifo("fifo")
        try await ThreadResident.with { resident in
            let opened = Flag()
            async let bytes = resident.run { thread in
                var file = try InputFile(path: path)
                opened.raise()
                return try file.readAll(on: thread)
            }
            await opened.wait()
            _ = Writer(path)
            let read = try await bytes
            #expect(read.isEmpty)
        }
    }

    @Test func `a writer that waited for its reader is heard`() async throws {
        let path = folder.fifo("fifo")
        try await ThreadResident.with { resident in
            try await ThreadResident.with { sender in
                async let sent = sender.run { _ in
                    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
                    defer { close(descriptor) }
                    return write(descriptor, "abc", 3)
                }
                try await Task.sleep(for: .milliseconds(50))
                let bytes = try await resident.run { thread in
                    var file = try InputFile(path: path)
                    return try file.readAll(on: thread)
                }
                #expect(bytes == Array("abc".utf8))
                #expect(await sent == 3)
            }
        }
    }

    /// As a shell's `<(command)`, whose command may be done before it is opened.
    @Test func `a pipe by its path ends though its writer has left before`() async throws {
        let pipe = SystemPipe()
        pipe.put("abc")
        pipe.closeInput()
        try await ThreadResident.with { resident in
            let bytes = try await resident.run { thread in
                var file = try InputFile(path: "/dev/fd/\(pipe.output)")
                return try file.readAll(on: thread)
            }
            #expect(bytes == Array("abc".utf8))
        }
    }

    @Test func `signals do not end the wait for a FIFO`() async throws {
        ignoreInterrupts()
        let path = folder.fifo("fifo")
        try await ThreadResident.with { resident in
            let id = await resident.run { _ in pthread_self() }
            let opened = Flag()
            async let bytes = resident.run { thread in
                var file = try InputFile(path: path)
                opened.raise()
                return try file.readAll(on: thread)
            }
            await opened.wait()
            for _ in 0..<10 {
                try await Task.sleep(for: .milliseconds(5))
                pthread_kill(id, SIGUSR1)
            }
            Writer(path).write("text")
            let read = try await bytes
            #expect(read == Array("text".utf8))
        }
    }

    /// `poll` says that there is something, and then another reader has taken it.
    @Test func `another reader at the same FIFO takes bytes away, and ends nothing`() async throws {
        let path = folder.fifo("fifo")
        let count = 3_000
        try await ThreadResident.with { resident in
            try await ThreadResident.with { rival in
                let writer = Writer(path)
                let opened = Flag()
                async let ours = resident.run { thread in
                    var file = try InputFile(path: path)
                    opened.raise()
                    return try file.readAll(on: thread).count
                }
                async let theirs = rival.run { thread in
                    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
                    defer { Glibc.close(descriptor) }
                    var taken = 0
                    var byte: UInt8 = 0
                    while thread.wait(for: .readable, on: -1, until: .now) != .woken {
                        if read(descriptor, &byte, 1) == 1 { taken += 1 }
                    }
                    return taken
                }
                await opened.wait()
                for _ in 0..<count { writer.write("x") }
                var left: Int32 = 1
                while left > 0 {
                    _ = ioctl(writer.descriptor, UInt(FIONREAD), &left)
                    await Task.yield()
                }
                rival.thread.wake()
                let taken = await theirs
                writer.leave()
                let kept = try await ours
                #expect(kept + taken == count)
            }
        }
    }

    // MARK: Standard input: in a process of its own

    @Test func `standard input from a pipe keeps its flags and stays open`() async {
        await #expect(processExitsWith: .success) {
            let pipe = SystemPipe()
            dup2(pipe.output, STDIN_FILENO)
            let flags = fcntl(STDIN_FILENO, F_GETFL)
            pipe.put("abc")
            pipe.closeInput()
            try await ThreadResident.with { resident in
                try await resident.run { thread in
                    var file = try InputFile(standardInputNamed: "stdin")
                    let (size, name) = (file.size, file.name)
                    #expect(size == nil && name == "stdin")
                    #expect(try file.readAll(on: thread) == Array("abc".utf8))
                }
            }
            #expect(fcntl(STDIN_FILENO, F_GETFL) == flags)
            #expect(flags & O_NONBLOCK == 0)
        }
    }

    @Test func `standard input from a silent pipe is woken`() async {
        await #expect(processExitsWith: .success) {
            let pipe = SystemPipe()
            dup2(pipe.output, STDIN_FILENO)
            try await ThreadResident.with { resident in
                async let kind = resident.run { thread in
                    var file = try InputFile(standardInputNamed: "stdin")
                    return file.failureOfReadingAll(on: thread)?.kind
                }
                try await Task.sleep(for: .milliseconds(50))
                resident.thread.wake()
                let outcome = try await kind
                #expect(outcome == .interrupted)
            }
            pipe.closeInput()
        }
    }

    @Test func `standard input from a file is read from where it stands`() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            let descriptor = open(folder.file("f", "0123456789"), O_RDONLY)
            dup2(descriptor, STDIN_FILENO)
            lseek(STDIN_FILENO, 4, SEEK_SET)
            try await ThreadResident.with { resident in
                try await resident.run { thread in
                    var file = try InputFile(standardInputNamed: "stdin")
                    let size = file.size
                    #expect(size == 6)
                    #expect(try file.readAll(on: thread) == Array("456789".utf8))
                    let hasGrown = file.hasGrown
                    #expect(!hasGrown)
                }
            }
        }
    }

    @Test func `standard input behind the end of a file is empty`() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            dup2(open(folder.file("f", "0123"), O_RDONLY), STDIN_FILENO)
            lseek(STDIN_FILENO, 100, SEEK_SET)
            try await ThreadResident.with { resident in
                try await resident.run { thread in
                    var file = try InputFile(standardInputNamed: "stdin")
                    let size = file.size
                    #expect(size == 0)
                    #expect(try file.readAll(on: thread).isEmpty)
                }
            }
        }
    }

    @Test func `standard input that is closed, or a directory, or unreadable is told`() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            close(STDIN_FILENO)
            let error = #expect(throws: SourceError.self) {
                _ = try InputFile(standardInputNamed: "stdin")
            }
            #expect(error?.description == "could not be opened: Bad file descriptor")
            dup2(open("/", O_RDONLY), STDIN_FILENO)
            let other = #expect(throws: SourceError.self) {
                _ = try InputFile(standardInputNamed: "stdin")
            }
            #expect(other?.description == "is a directory")
            dup2(open(folder.file("f", "0123"), O_WRONLY), STDIN_FILENO)
            try await ThreadResident.with { resident in
                try await resident.run { thread in
                    var file = try InputFile(standardInputNamed: "stdin")
                    let error = file.failureOfReadingAll(on: thread)
                    #expect(error?.kind == .unreadable)
                    #expect(
                        error?.description == "could not be read at byte 0: Bad file descriptor")
                }
            }
        }
    }
}

extension InputFile {
    fileprivate mutating func read(_ count: Int, on thread: OwnThread) throws -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { buffer.deallocate() }
        let length = try read(into: buffer, on: thread)
        return Array(buffer[..<length])
    }

    fileprivate mutating func readAll(
        atMost count: Int = 65_536, on thread: OwnThread
    ) throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let bytes = try read(count, on: thread)
            if bytes.isEmpty { return all }
            all += bytes
        }
    }

    fileprivate mutating func failureOfReadingAll(on thread: OwnThread) -> SourceError? {
        do {
            _ = try readAll(on: thread)
            return nil
        } catch {
            return error as? SourceError
        }
    }
}
