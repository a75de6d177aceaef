import Foundation
import Testing

/// What is wrong with a command line is said in one line, and nothing is done: exit 64.
@Suite struct UsageTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let line: String
        let message: String

        init(_ line: String, _ message: String) {
            self.line = line
            self.message = message
        }

        var testDescription: String { line }
    }

    static let contradictions = [
        Case("--header --no-header", "--header and --no-header exclude each other"),
        Case("--columns a,b", "--columns needs --header or --no-header"),
        Case("--map a=b --no-header", "--map and --no-header exclude each other"),
        Case("--map a=b --columns a --header", "--map and --columns exclude each other"),
        Case("--ignore-column a --no-header", "--ignore-column and --no-header exclude"),
        Case("--ignore-column a --header --columns b", "--ignore-column and --columns exclude"),
        Case("--quoting none --quote '", "--quoting none and --quote exclude each other"),
        Case("--quoting none --escape '", "--quoting none and --escape exclude each other"),
        Case("--quoting none --force-null a", "--quoting none and --force-null exclude"),
        Case("--quoting none --force-not-null *", "--quoting none and --force-not-null exclude"),
        Case("--delimiter \"", "--delimiter and --quote must differ"),
        Case("--quote ,", "--delimiter and --quote must differ"),
        Case("--comment ,", "--delimiter and --comment must differ"),
        Case("--comment \"", "--quote and --comment must differ"),
        Case("--null a,b", "--null must not contain the --delimiter"),
        Case("--null \"", "--null must not contain the --quote"),
        Case("--atomic --resume", "--atomic and --resume exclude each other"),
        Case(
            "--atomic --single-transaction",
            "--atomic and --single-transaction exclude each other"),
        Case("-q -v", "--quiet and --verbose exclude each other"),
        Case("- -", "- (standard input) is given twice"),
    ]

    static let values = [
        Case("--jobs 0", "--jobs: '0' is no whole number from 1 to 256"),
        Case("-j257", "--jobs: '257' is no whole number from 1 to 256"),
        Case("--batch-bytes 1023", "--batch-bytes: '1023' is not from 1kB to 1GB"),
        Case("--batch-bytes 2GB", "--batch-bytes: '2GB' is not from 1kB to 1GB"),
        Case("--max-record-bytes 0", "--max-record-bytes: '0' is not from 1B to 1073741823B"),
        Case("--max-record-bytes 1GB", "--max-record-bytes: '1GB' is not from"),
        Case("--skip-lines -1", "--skip-lines: '-1' is no whole number from 0"),
        Case("--lock-timeout 5m", "--lock-timeout: 'm' is no unit, take ms, s, min, h or d"),
        Case("--stall-timeout -1", "--stall-timeout: '-1' does not begin with a number"),
        Case("--delimiter ab", "--delimiter: 'ab' is not one byte"),
        Case("--quote \\x0A", "--quote: a line end or a zero byte can't be meant"),
        Case("--map a", "--map: 'a' is not header=column"),
        Case("--map a=", "--map: 'a=' is not header=column"),
        Case("--force-null a,,b", "--force-null: 'a,,b' has an empty item"),
        Case("--quoting odd", "The value 'odd' is invalid for '--quoting <mode>'"),
        Case("--on-error odd", "The value 'odd' is invalid for '--on-error <policy>'"),
        Case("--on-error stop --rejects r", "--on-error stop and --rejects exclude each other"),
        Case(
            "--on-error stop --reject-limit 1",
            "--on-error stop and --reject-limit exclude each other"),
        Case("--reject-ratio 2", "--reject-ratio: '2' is no number from 0 to 1"),
        Case(
            "--single-transaction --resume", "--single-transaction and --resume exclude each other"),
        Case("--single-transaction -j2", "--single-transaction and --jobs exclude each other"),
        Case("--import-id x", "--import-id goes with --resume"),
        Case("--report xml", "The value 'xml' is invalid for '--report <form>'"),
        Case("--jobs", "--jobs needs a value"),
        Case("--frobnicate", "Unknown option '--frobnicate'"),
        Case("-W", "a password is no flag"),
        Case("--password=secret", "a password is no flag"),
    ]

    @Test(arguments: contradictions + values)
    func `a mistake is named`(mistake: Case) async throws {
        let arguments = mistake.line.split(separator: " ").map(String.init)
        try await expectUsageError(["-t", "t"] + arguments, mistake.message)
    }

    @Test(arguments: [
        Case("", "--table is missing"), Case("-t a.b.c", "--table: a.b.c"),
        Case("-t t -t u", "--table is given twice"),
    ])
    func `a table is needed, and one`(mistake: Case) async throws {
        try await expectUsageError(
            mistake.line.split(separator: " ").map(String.init), mistake.message)
    }

    @Test func `no FILE and a terminal to read from`() async throws {
        let workdir = try Workdir()
        let terminal = try PseudoTerminal()
        let ended = try await workdir.start(["import", "-t", "t"], input: terminal.inner).end()
        #expect(ended.status == 64)
        #expect(ended.error.contains("no FILE, and standard input is a terminal"), "\(ended)")
    }

    @Test(arguments: [[], ["frobnicate"], ["--frobnicate"]])
    func `a command is needed, and a known one`(arguments: [String]) async throws {
        let ended = try await Workdir().run(arguments)
        #expect(ended.status == 64)
        #expect(ended.errorLines.last == "Try 'pgsluice --help'.", "\(ended)")
    }

    private func expectUsageError(_ arguments: [String], _ message: String) async throws {
        let ended = try await Workdir().run(["import"] + arguments)
        #expect(ended.status == 64)
        #expect(ended.output == "")
        try #require(ended.errorLines.count == 2, "\(ended)")
        #expect(ended.errorLines[0].hasPrefix("pgsluice: \(message)"), "\(ended)")
        #expect(ended.errorLines[1] == "Try 'pgsluice import --help'.")
    }
}
