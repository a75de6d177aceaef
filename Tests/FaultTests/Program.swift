import Foundation
import SluiceTestSupport
import Testing

/// The built program.
enum Program {
    /// Beside the tests' own executable.
    static let path = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(component: "pgsluice").path

    /// Whether `import --help` names them all; tells loudly when it does not.
    static func has(_ flags: [String]) async throws -> Bool {
        let help = try await ChildProcess.run([path, "import", "--help"]).output
        let missing = flags.filter { !help.contains($0) }
        return LoudSkip.isWanted(
            missing.isEmpty, "NO \(missing.joined(separator: ", ")) YET: ITS TESTS ARE SKIPPED")
    }
}

extension Trait where Self == ConditionTrait {
    /// Runs where the program has the flags.
    static func needs(_ flags: String...) -> Self {
        .enabled("the program has no such flag yet") { try await Program.has(flags) }
    }

    static var server: Self {
        .enabled(if: PrivateServer.isWanted, "PGSLUICE_TEST_SERVER_DIR is unset")
    }
}

/// How an import ended.
struct ImportEnd: Sendable, CustomStringConvertible {
    let end: ChildEnd
    let duration: Duration

    var status: Int32 { end.status }

    /// Nil where there is none, as after SIGKILL.
    var report: Report? {
        try? JSONDecoder().decode(Report.self, from: Data(end.output.utf8))
    }

    /// The lines whose COMMIT was not answered.
    var uncertainLines: [ClosedRange<Int>] {
        end.error.split(separator: "\n").filter { $0.contains("uncertain") }
            .flatMap { $0.matches(of: /lines? ([0-9]+)(?:-([0-9]+))?/) }
            .compactMap { match in
                guard let first = Int(match.1) else { return nil }
                return first...(match.2.flatMap { Int($0) } ?? first)
            }
    }

    var description: String { "after \(duration): \(end)" }
}

/// What `--report json` prints, as far as the tests judge it.
struct Report: Decodable, Sendable {
    struct Range: Decodable, Sendable {
        let first_line: Int
        let last_line: Int
    }

    let status: String
    let exit_code: Int32
    let records_read: Int
    let rows_loaded: Int
    let rows_rejected: Int
    let rows_skipped: Int
    let records_unloaded: Int
    let retries: Int
    let committed: [Range]

    var addsUp: Bool {
        records_read == rows_loaded + rows_rejected + rows_skipped + records_unloaded
    }
}
