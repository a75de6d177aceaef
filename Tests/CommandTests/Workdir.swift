import Foundation
import Testing

/// A folder of a test's own, in which it runs the built program.
final class Workdir {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(
            component: "pgsluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = url.appending(component: name)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    func makeFIFO(_ name: String) throws -> String {
        let path = url.appending(component: name).path
        try #require(mkfifo(path, 0o600) == 0)
        return path
    }

    /// Runs `pgsluice` to its end.
    func run(
        _ arguments: [String], input: String = "", environment: [String: String] = .withoutServer
    ) async throws -> Ended {
        try await start(
            arguments, input: .forText(input, in: self), environment: environment
        ).end()
    }

    /// Starts `pgsluice`.
    ///
    /// - Parameter output: where standard output goes; nil: it is kept for the test.
    func start(
        _ arguments: [String], input: FileHandle = .nullDevice, output: FileHandle? = nil,
        environment: [String: String] = .withoutServer
    ) throws -> Running {
        try Running(
            Program.url, arguments, in: self, input: input, output: output,
            environment: environment)
    }
}

extension FileHandle {
    fileprivate static func forText(_ text: String, in workdir: Workdir) throws -> FileHandle {
        let path = try workdir.write(text, to: ".stdin")
        return try FileHandle(forReadingFrom: URL(filePath: path))
    }
}

enum Program {
    /// Beside the tests' own executable.
    static let url = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(component: "pgsluice")
}

extension [String: String] {
    /// What the tests were given, but for libpq's variables.
    static var withoutServer: Self {
        ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("PG") }.merging(["COLUMNS": "80"]) { $1 }
    }

    static var withServer: Self {
        ProcessInfo.processInfo.environment.merging(["COLUMNS": "80"]) { $1 }
    }
}
