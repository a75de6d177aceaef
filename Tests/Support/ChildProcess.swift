import Glibc
import Synchronization

/// A program that a test has started; killed when it is dropped.
package final class ChildProcess: Sendable {
    /// What was run, for messages.
    package let command: [String]
    private let pid: pid_t
    private let output = ScratchFile()
    private let error = ScratchFile()
    private let waiter: ChildWaiter

    /// - Parameters:
    ///   - command: the path of the program, and its arguments.
    ///   - folder: where it runs.
    ///   - output: where standard output goes; nil: it is kept for the test.
    package init(
        _ command: [String], in folder: String = "/",
        environment: [String: String] = Environment.current, input: Int32? = nil,
        output: Int32? = nil
    ) throws {
        self.command = command
        var files = SpawnFiles()
        files.put(input, at: STDIN_FILENO)
        files.put(output ?? self.output.descriptor, at: STDOUT_FILENO)
        files.put(error.descriptor, at: STDERR_FILENO)
        // env enters the folder and becomes the program.
        pid = try files.spawn(
            ["/usr/bin/env", "-C", folder] + command, environment.map { "\($0)=\($1)" })
        waiter = ChildWaiter(pid)
    }

    deinit {
        waiter.send(SIGKILL)
    }

    package func send(_ signal: Int32) {
        waiter.send(signal)
    }

    /// What it has said on standard error so far.
    package var errorSoFar: String { error.text }

    /// Waits for its end; after `limit` it is killed, and `isOverdue`.
    package func end(within limit: Duration = .seconds(30)) async -> ChildEnd {
        let waiter = waiter
        let killer = Task {
            try await Task.sleep(for: limit)
            waiter.send(SIGKILL)
            return true
        }
        let status = await waiter.status()
        killer.cancel()
        return ChildEnd(
            command: command, status: status, isOverdue: (try? await killer.value) == true,
            output: output.text, error: error.text)
    }

    /// Runs a program to its end.
    package static func run(
        _ command: [String], in folder: String = "/",
        environment: [String: String] = Environment.current, within limit: Duration = .seconds(60)
    ) async throws -> ChildEnd {
        try await ChildProcess(command, in: folder, environment: environment).end(within: limit)
    }
}

/// How a program ended.
package struct ChildEnd: Sendable, CustomStringConvertible {
    package var command: [String]
    /// Its exit code, or 1000 and the number of the signal that killed it.
    package var status: Int32
    /// It did not end in time, and was killed.
    package var isOverdue: Bool
    package var output: String
    package var error: String

    package static let killed = 1000 + SIGKILL

    package var description: String {
        """
        exit \(status)\(isOverdue ? ", OVERDUE AND KILLED" : "")
        --- command
        \(command.joined(separator: " "))
        --- stdout
        \(output)--- stderr
        \(error)---
        """
    }
}

/// A program that did not end as it had to.
package struct ChildFailed: Error, CustomStringConvertible {
    package let end: ChildEnd

    package init(_ end: ChildEnd) {
        self.end = end
    }

    package var description: String { "a program failed: \(end)" }
}

/// Waits for one process, so that its number is never used after it is gone.
private final class ChildWaiter: Sendable {
    private let pid: pid_t
    private let status = Mutex<Int32?>(nil)
    private let ends: AsyncStream<Int32>

    init(_ pid: pid_t) {
        self.pid = pid
        let (ends, ending) = AsyncStream<Int32>.makeStream()
        self.ends = ends
        let thread = SystemThread { [self] in
            ending.yield(reap())
            ending.finish()
        }
        thread.detach()
    }

    func send(_ signal: Int32) {
        status.withLock { if $0 == nil { kill(pid, signal) } }
    }

    func status() async -> Int32 {
        for await status in ends { return status }
        return status.withLock { $0 ?? -1 }
    }

    /// Waits while the number is still the process's own, then takes it under the lock.
    private func reap() -> Int32 {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return status.withLock { status in
            var raw: Int32 = 0
            waitpid(pid, &raw, 0)
            let ended = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 1000 + raw & 0x7F
            status = ended
            return ended
        }
    }
}

/// What a new process finds open, and where.
private struct SpawnFiles: ~Copyable {
    private var actions = posix_spawn_file_actions_t()

    init() {
        posix_spawn_file_actions_init(&actions)
    }

    deinit {
        var actions = actions
        posix_spawn_file_actions_destroy(&actions)
    }

    /// Nil is the null device.
    mutating func put(_ descriptor: Int32?, at number: Int32) {
        if let descriptor {
            posix_spawn_file_actions_adddup2(&actions, descriptor, number)
        } else {
            posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDONLY, 0)
        }
    }

    /// With signals as a shell would leave them: a test may ignore SIGPIPE for itself.
    mutating func spawn(_ command: [String], _ environment: [String]) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
        var pid = pid_t()
        let code = withCStrings(command) { arguments in
            withCStrings(environment) { environment in
                Inheritance.withoutStrays {
                    posix_spawn(&pid, arguments[0]!, &actions, &attributes, arguments, environment)
                }
            }
        }
        guard code == 0 else { throw NotStarted(program: command[0], code: code) }
        return pid
    }
}

package struct NotStarted: Error {
    package let program: String
    package let code: Int32
}

/// Lends a null-terminated array of C strings.
private func withCStrings<Value>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value
) -> Value {
    let pointers = texts.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}

/// A file without a name, gone when it is closed. A pipe that nobody reads would stop its writer.
package final class ScratchFile: Sendable {
    package let descriptor: Int32

    package init() {
        var template = Array("/tmp/pgsluice-scratch.XXXXXX".utf8CString)
        let descriptor = Inheritance.preventing { mkstemp(&template) }
        precondition(descriptor != nil, "a file can be made in /tmp")
        unlink(template)
        self.descriptor = descriptor!
    }

    deinit {
        close(descriptor)
    }

    package var text: String {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, size, 0))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Keeps new descriptors out of programs that another thread starts just then: a connection that
/// such a program holds too is not closed when it is closed.
enum Inheritance {
    private static let lock = Mutex(())

    /// Makes a descriptor that no program inherits; nil if it could not be made.
    static func preventing(_ make: () -> Int32) -> Int32? {
        lock.withLock { _ in
            let descriptor = make()
            guard descriptor >= 0 else { return nil }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return descriptor
        }
    }

    static func withoutStrays<Value>(_ start: () -> Value) -> Value {
        lock.withLock { _ in start() }
    }
}

/// The variables of this process.
package enum Environment {
    package static let current: [String: String] = {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let parts = String(cString: entry).split(separator: "=", maxSplits: 1)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            next += 1
        }
        return variables
    }()

    /// Without libpq's, so that they say nothing to another server.
    package static let withoutServer = current.filter {
        !$0.key.hasPrefix("PG") || $0.key.hasPrefix("PGSLUICE")
    }

    package static let isCI = current["CI"] == "true"
}
