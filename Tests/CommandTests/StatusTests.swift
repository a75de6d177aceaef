import Foundation
import Testing

/// `pgsluice status` against ledgers that psql has made.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: TestDatabase.canRun, "PGSLUICE_TEST_SERVER_DIR is unset"))
struct StatusTests {
    private let database: StatusDatabase
    private let workdir: Workdir

    init() throws {
        database = try StatusDatabase()
        workdir = try Workdir()
    }

    private func run(_ arguments: String...) async throws -> Ended {
        try await workdir.run(["status"] + arguments, environment: database.environment)
    }

    // MARK: Showing

    @Test func `a database without a ledger says so, and that is no error`() async throws {
        let ended = try await run()
        #expect(ended.status == 0 && ended.error == "", "\(ended)")
        #expect(ended.output == "this database has no ledger: no import began one here\n")
        let json = try await run("--format", "json").json
        #expect(json["ledger"] as? Bool == false)
        #expect((json["imports"] as? [Any])?.isEmpty == true)
        #expect(try await run("--prune").output == "0 finished imports dropped from the ledger\n")
        #expect(try await run("a").status == 65)
        #expect(try await run("a", "--forget").status == 65)
    }

    @Test func `an empty ledger says so`() async throws {
        try database.makeLedger()
        #expect(try await run().output == "the ledger has no imports\n")
    }

    @Test func `imports are shown, the latest first, with what is done`() async throws {
        try database.makeLedger()
        try database.addSamples()
        let ended = try await run()
        #expect(ended.status == 0 && ended.error == "", "\(ended)")
        #expect(
            ended.output == """
                b's: public.orders, stopping
                  started   2026-11-22T20:15:03.250Z
                  updated   2026-11-22T21:00:00.000Z
                  loaded    1,500 rows, 20 rejected, 3 skipped in 2 batches
                  done      1.5 kB
                  run       process 77 on db1, pgsluice 0.1.0
                  orders.csv: 1.0 kB of 4.0 kB, 25.0%
                  stdin: 512 B
                a: public.t, finished
                  started   2026-11-21T00:00:00.000Z
                  finished  2026-11-21T00:01:00.000Z
                  loaded    9 rows in 1 batch
                  done      90 B of 100 B, 100.0%
                  run       process 7 on db1, pgsluice 0.1.0
                  t.csv: 90 B of 100 B, 100.0%

                """)
        let one = try await run("a")
        #expect(one.output.hasPrefix("a: public.t, finished\n"), "\(one)")
        #expect(!one.output.contains("orders"))
    }

    @Test func `the JSON has every key`() async throws {
        try database.makeLedger()
        try database.addSamples()
        let ended = try await run("--format", "json", "b's")
        #expect(
            ended.output.hasSuffix(
                #""ledger":true,"imports":[{"import_id":"b's","table":"public.orders","#
                    + #""state":"stopping","started_at":"2026-11-22T20:15:03.250Z","#
                    + #""updated_at":"2026-11-22T21:00:00.000Z","finished_at":null,"#
                    + #""rows_loaded":1500,"rows_rejected":20,"rows_skipped":3,"batches":2,"#
                    + #""bytes_done":1536,"bytes_total":null,"percent":null,"host":"db1","#
                    + #""pid":77,"run_version":"0.1.0","files":["#
                    + #"{"path":"orders.csv","rows_loaded":1000,"rows_rejected":0,"#
                    + #""bytes_done":1024,"bytes_total":4096},"#
                    + #"{"path":"stdin","rows_loaded":500,"rows_rejected":20,"#
                    + #""bytes_done":512,"bytes_total":null}]}]}"# + "\n"), "\(ended)")
        let imports = try await run("--format", "json", "a").json["imports"] as? [[String: Any]]
        #expect(imports?.first?["percent"] as? Double == 100)
        #expect(imports?.first?["finished_at"] as? String == "2026-11-21T00:01:00.000Z")
    }

    // MARK: Changing

    @Test func `a run is asked to stop`() async throws {
        try database.makeLedger()
        try database.addSamples()
        try database.query("UPDATE pgsluice.import SET stop_requested = false")
        let ended = try await run("--stop", "b's")
        #expect(ended.status == 0, "\(ended)")
        #expect(
            ended.output == "import b's was asked to stop; it does so before its next batch\n")
        let stopping = try database.query("SELECT id FROM pgsluice.import WHERE stop_requested")
        #expect(stopping == "b's")
        let finished = try await run("--stop", "a")
        #expect(finished.status == 65)
        #expect(finished.error == "pgsluice: import a is finished: there is nothing to stop\n")
    }

    @Test func `an import is forgotten with all that it has left`() async throws {
        try database.makeLedger()
        try database.addSamples()
        let ended = try await run("b's", "--forget", "--format", "json")
        #expect(
            ended.output.hasSuffix(#","action":"forget","import_id":"b's","imports":1}"# + "\n"),
            "\(ended)")
        #expect(try database.imports == "a")
        #expect(try database.query("SELECT DISTINCT import FROM pgsluice.batch") == "a")
        #expect(try database.query("SELECT DISTINCT import FROM pgsluice.source") == "a")
    }

    @Test func `all that is finished is pruned, and what is older than its import`() async throws {
        try database.makeLedger()
        try database.addSamples()
        let ended = try await run("--prune")
        #expect(ended.output == "1 finished import dropped from the ledger\n", "\(ended)")
        #expect(try database.imports == "b's")
        let left = try database.query("SELECT DISTINCT import, generation FROM pgsluice.batch")
        #expect(left == "b's|2")
    }

    @Test(arguments: [["x"], ["x", "--stop"], ["x", "--forget"]])
    func `an import that is not there is named`(arguments: [String]) async throws {
        try database.makeLedger()
        let ended = try await workdir.run(
            ["status"] + arguments, environment: database.environment)
        #expect(ended.status == 65)
        #expect(ended.output == "")
        #expect(
            ended.error == "pgsluice: the ledger has no import x\nnext: see pgsluice status\n")
    }

    // MARK: Failing

    @Test func `a schema of another user's is not read`() async throws {
        try database.makeLedger()
        try database.query("ALTER TABLE pgsluice.import OWNER TO scram_user")
        let ended = try await run()
        try database.query("ALTER TABLE pgsluice.import OWNER TO postgres")
        #expect(ended.status == 77, "\(ended)")
        #expect(ended.error.contains("is of the user scram_user"), "\(ended)")
    }

    @Test func `a server that is not there is exit 69`() async throws {
        let ended = try await run("-h", "/nonexistent")
        #expect(ended.status == 69, "\(ended)")
        #expect(ended.error.hasPrefix("pgsluice: connection to server"), "\(ended)")
    }
}

/// A command line of `pgsluice status` that can't be followed.
@Suite struct StatusUsageTests {
    @Test(arguments: [
        ("--stop --forget a", "--stop and --forget exclude each other"),
        ("--stop --prune", "--stop and --prune exclude each other"),
        ("--forget --prune", "--forget and --prune exclude each other"),
        ("--prune a", "--prune and an IMPORT exclude each other"),
        ("--stop", "--stop needs an IMPORT"), ("--forget", "--forget needs an IMPORT"),
        ("a b", "Unexpected argument 'b'"),
        ("--format xml", "The value 'xml' is invalid for '--format <form>'"),
        ("--format text --format json", "--format is given twice"),
        ("-W", "a password is no flag"),
    ])
    func `a mistake is named`(line: String, message: String) async throws {
        let arguments = line.split(separator: " ").map(String.init)
        let ended = try await Workdir().run(["status"] + arguments)
        #expect(ended.status == 64)
        #expect(ended.output == "")
        #expect(ended.errorLines.first?.hasPrefix("pgsluice: \(message)") == true, "\(ended)")
        #expect(ended.errorLines.last == "Try 'pgsluice status --help'.")
    }

    @Test func `the help names every flag and fits a terminal`() async throws {
        let ended = try await Workdir().run(["status", "--help"])
        #expect(ended.status == 0)
        let lines = ended.output.split(separator: "\n")
        let named = lines.compactMap { $0.firstMatch(of: /^  (?:-\w, )?(--[\w-]+)/)?.1 }
        let flags = """
            --dbname --host --port --username --format --stop --forget --prune --version --help
            """
        #expect(Set(named.map(String.init)) == Set(flags.split(separator: " ").map(String.init)))
        #expect(lines.allSatisfy { $0.count <= 80 })
    }
}

/// A database of a test's own: there is one ledger to a database.
private final class StatusDatabase {
    let name = "status_" + UUID().uuidString.lowercased().replacing("-", with: "")

    var environment: [String: String] {
        [String: String].withServer.merging(["PGDATABASE": name]) { $1 }
    }

    init() throws {
        try psql(["-c", "CREATE DATABASE \(name)"], database: "postgres")
    }

    deinit {
        _ = try? psql(["-c", "DROP DATABASE \(name) WITH (FORCE)"], database: "postgres")
    }

    /// As a DBA does it.
    func makeLedger() throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        try psql(["-f", repository.path + "/sql/ledger/001_ledger.sql"], database: name)
    }

    /// Import `a` is finished, `b's` was asked to stop in its second life.
    func addSamples() throws {
        try query(
            """
            INSERT INTO pgsluice.import VALUES
                ('a', 'public.t', '', 'finished', 1, 1, false, 'db1', 7, '0.1.0',
                    '2026-11-21 00:00:00Z', '2026-11-21 00:01:00Z', '2026-11-21 00:01:00Z'),
                ('b''s', 'public.orders', '', 'running', 5, 2, true, 'db1', 77, '0.1.0',
                    '2026-11-22 20:15:03.25Z', '2026-11-22 20:16:00Z', NULL);
            INSERT INTO pgsluice.source VALUES
                ('a', 1, 0, 't.csv', 100, '00000000000000000000000000000000', 10, 100),
                ('b''s', 1, 0, 'old.csv', 100, '00000000000000000000000000000000', 0, 100),
                ('b''s', 2, 0, 'orders.csv', 4096, '00000000000000000000000000000000', NULL, NULL),
                ('b''s', 2, 1, 'stdin', NULL, NULL, NULL, NULL);
            INSERT INTO pgsluice.batch VALUES
                ('a', 1, 0, 10, 100, 1, 9, 2, 9, 10, '00000000000000000000000000000000',
                    9, 0, 0, 0, 0, 0, 9, 0, 1, '2026-11-21 00:00:30Z'),
                ('b''s', 1, 0, 0, 100, 1, 9, 2, 9, 10, '00000000000000000000000000000000',
                    9, 0, 0, 0, 0, 0, 9, 0, 1, '2026-11-20 00:00:00Z'),
                ('b''s', 2, 0, 0, 1024, 1, 1000, 2, 9, 10, '00000000000000000000000000000000',
                    1000, 0, 0, 0, 0, 0, 9, 0, 5, '2026-11-22 20:30:00Z'),
                ('b''s', 2, 1, 0, 512, 1, 523, 2, 9, 10, '00000000000000000000000000000000',
                    500, 20, 3, 0, 0, 0, 9, 0, 5, '2026-11-22 21:00:00Z');
            """)
    }

    var imports: String {
        get throws { try query("SELECT id FROM pgsluice.import ORDER BY id") }
    }

    @discardableResult
    func query(_ sql: String) throws -> String { try psql(["-c", sql], database: name) }

    @discardableResult
    private func psql(_ arguments: [String], database: String) throws -> String {
        try TestDatabase.psql(arguments, environment: ["PGDATABASE": database])
    }
}
