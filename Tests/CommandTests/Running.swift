import Foundation
import Testing

/// A program that a test has started.
final class Running {
    private let process = Process()
    /// Held, because the outputs lie in it.
    private let workdir: Workdir
    private let names = (output: ".stdout-\(UUID())", error: ".stderr-\(UUID())")
    private let ends: AsyncStream<Void>

    init(
        _ program: URL, _ arguments: [String], in workdir: Workdir, input: FileHandle,
        output: FileHandle?, environment: [String: String]
    ) throws {
        self.workdir = workdir
        let (ends, ended) = AsyncStream<Void>.makeStream()
        self.ends = ends
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = workdir.url
        process.environment = environment
        process.standardInput = input
        // Files, because a pipe that nobody reads would stop the program.
        process.standardOutput = try output ?? Self.file(workdir, names.output)
        process.standardError = try Self.file(workdir, names.error)
        process.terminationHandler = { _ in ended.finish() }
        // Under nohup a child would not hear it.
        let hangup = signal(SIGHUP, SIG_DFL)
        defer { signal(SIGHUP, hangup) }
        try process.run()
    }

    private static func file(_ workdir: Workdir, _ name: String) throws -> FileHandle {
        let file = workdir.url.appending(component: name)
        try Data().write(to: file)
        return try FileHandle(forWritingTo: file)
    }

    func send(_ signal: Int32) {
        kill(process.processIdentifier, signal)
    }

    /// Waits for the program; after `limit` it is killed.
    func end(within limit: Duration = .seconds(30)) async throws -> Ended {
        let pid = process.processIdentifier
        let killer = Task {
            try await Task.sleep(for: limit)
            kill(pid, SIGKILL)
            Issue.record("pgsluice did not end within \(limit)")
        }
        for await _ in ends {}
        killer.cancel()
        return Ended(
            status: process.terminationStatus,
            isKilled: process.terminationReason == .uncaughtSignal,
            output: try text(names.output), error: try text(names.error))
    }

    private func text(_ name: String) throws -> String {
        let file = workdir.url.appending(component: name)
        guard FileManager.default.fileExists(atPath: file.path) else { return "" }
        return String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }
}

/// How a program ended.
struct Ended: CustomStringConvertible {
    var status: Int32
    /// By a signal, whose number is `status`.
    var isKilled: Bool
    var output: String
    var error: String

    var errorLines: [Substring] { error.split(separator: "\n") }

    /// The report, where it is JSON.
    var json: [String: Any] {
        get throws {
            let value = try JSONSerialization.jsonObject(with: Data(output.utf8))
            return try #require(value as? [String: Any])
        }
    }

    var description: String {
        "exit \(status)\n--- stdout\n\(output)--- stderr\n\(error)---"
    }
}
