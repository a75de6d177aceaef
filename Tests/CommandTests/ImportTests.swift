import Foundation
import Testing
import pgsluice

/// The built program against a real server.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: TestDatabase.canRun, "PGSLUICE_TEST_SERVER_DIR is unset"))
struct ImportTests {
    private let database: TestDatabase
    private let workdir: Workdir
    private let table: String

    init() throws {
        database = try TestDatabase()
        workdir = try Workdir()
        table = try database.table("orders", "id int PRIMARY KEY, amount numeric, note text")
    }

    private func run(_ arguments: String..., input: String = "") async throws -> Ended {
        try await workdir.run(
            ["import", "-t", table] + arguments, input: input, environment: .withServer)
    }

    private func rows(_ columns: String = "id, amount, note") throws -> String {
        try database.query("SELECT \(columns) FROM \(table) ORDER BY id").replacing("\n", with: ";")
    }

    // MARK: All went well

    @Test func `a file is loaded and reported`() async throws {
        try workdir.write("id,amount,note\n1,2.5,\"a, b\"\n2,,\"\"\n", to: "orders.csv")
        let ended = try await run("orders.csv")
        #expect(ended.status == 0, "\(ended)")
        #expect(ended.error == "", "\(ended)")
        #expect(ended.output.hasSuffix("\nCOPY 2\n"), "\(ended)")
        #expect(try rows("id, amount, note IS NULL") == "1|2.5|f;2||f")
    }

    @Test func `the JSON report of success has every key, and the counts`() async throws {
        try workdir.write("id,amount,note\n1,2.5,x\n2,3,y\n", to: "orders.csv")
        let ended = try await run("orders.csv", "--report", "json")
        let report = try ended.json
        #expect(Set(report.keys) == Set(WithoutServerTests.reportKeys))
        #expect(report["status"] as? String == "completed")
        #expect(report["records_read"] as? Int == 2)
        #expect(report["rows_loaded"] as? Int == 2)
        #expect(report["bytes_read"] as? Int == 29)
        #expect(report["error"] is NSNull)
        let files = try #require(report["files"] as? [[String: Any]])
        #expect(files.map { $0["path"] as? String } == ["orders.csv"])
        #expect(files.map { $0["status"] as? String } == ["completed"])
        #expect(files[0]["rejects"] is NSNull)
    }

    @Test(arguments: [[], ["-"]])
    func `no FILE and a dash are standard input`(files: [String]) async throws {
        let ended = try await workdir.run(
            ["import", "-t", table, "--no-header"] + files, input: "1,2,x\n",
            environment: .withServer)
        #expect(ended.status == 0, "\(ended)")
        #expect(try rows() == "1|2|x")
    }

    @Test func `several files are one import, each with its header`() async throws {
        try workdir.write("id,amount,note\n1,2,x\n", to: "a.csv")
        try workdir.write("note,id\ny,2\n", to: "b.csv")
        let ended = try await run("a.csv", "b.csv")
        #expect(ended.output.hasSuffix("\nCOPY 2\n"), "\(ended)")
        #expect(ended.output.contains("  b.csv: completed, 1 row of 1 record\n"), "\(ended)")
        #expect(try rows() == "1|2|x;2||y")
    }

    @Test func `every CSV flag reaches the reader`() async throws {
        let file = """
            skipped "line
            id;amount;note
            #comment
            1;-;'it\\'s'
            2;3;'-'

            """
        let ended = try await run(
            "--delimiter", ";", "--quote", "'", "--escape", "\\", "--null", "-", "--comment", "#",
            "--skip-lines", "1", "--force-null", "note", input: file)
        #expect(ended.status == 0, "\(ended)")
        #expect(try rows() == "1||it's;2|3|")
    }

    @Test func `columns are named by position, by map and by leaving out`() async throws {
        let positions = try await run(
            "--columns", "note,,id", "--no-header", input: "x,dropped,1\n")
        #expect(positions.status == 0, "\(positions)")
        let names = try await run(
            "--map", "a=b=id", "--ignore-column", "extra", input: "a=b,extra,NOTE\n2,e,y\n")
        #expect(names.status == 0, "\(names)")
        #expect(try rows() == "1||x;2||y")
    }

    @Test func `truncate takes the old rows away`() async throws {
        try database.query("INSERT INTO \(table) VALUES (7)")
        let ended = try await run("--truncate", input: "id\n1\n")
        #expect(ended.status == 0, "\(ended)")
        #expect(try rows("id") == "1")
    }

    @Test func `quiet leaves the report, and progress as JSON has a type`() async throws {
        let quiet = try await run("-q", "--progress", "bar", input: "id\n1\n")
        #expect(quiet.error == "")
        #expect(quiet.output.hasSuffix("COPY 1\n"))
        let json = try await run("--progress", "json", input: "id\n2\n")
        #expect(json.errorLines.allSatisfy { $0.hasPrefix(#"{"type":"#) }, "\(json)")
    }

    // MARK: A dry run

    @Test func `a dry run changes nothing and judges no values`() async throws {
        let ended = try await run("--dry-run", input: "id\nnot a number\n")
        #expect(ended.status == 0, "\(ended)")
        #expect(ended.output.contains("values were not judged"), "\(ended)")
        #expect(ended.output.hasSuffix("COPY 0\n"))
        #expect(try rows() == "")
    }

    @Test func `a dry run counts every malformed record: exit 65`() async throws {
        let ended = try await run("--dry-run", input: "id,note\n1\n2,b\n3,c,d\n")
        #expect(ended.status == 65, "\(ended)")
        #expect(ended.output.contains("  malformed 2 records\n"), "\(ended)")
        let json = try await run(
            "--dry-run", "--report", "json", input: "id,note\n1\n2,b\n3,c,d\n"
        ).json
        #expect(json["dry_run"] as? Bool == true)
        #expect(json["records_read"] as? Int == 3)
        #expect(json["records_unloaded"] as? Int == 3)
    }

    // MARK: Failures

    @Test(arguments: ["missing.csv", "."])
    func `an input that can't be read: exit 66 and its name`(path: String) async throws {
        let ended = try await run(path)
        #expect(ended.status == 66, "\(ended)")
        #expect(ended.errorLines.first?.hasPrefix("\(path): ") == true, "\(ended)")
        #expect(ended.output.hasSuffix("\nCOPY 0\n"), "\(ended)")
    }

    @Test func `a refused value: where, what, the record, what is committed, what next`()
        async throws
    {
        try workdir.write("id,amount,note\n1,2.5,x\n2,\"12,50\",y\n", to: "orders.csv")
        let ended = try await run("orders.csv")
        #expect(ended.status == 65, "\(ended)")
        let lines = ended.errorLines
        try #require(lines.count == 4, "\(ended)")
        #expect(
            lines[0] == "orders.csv:3: column \"amount\": "
                + "invalid input syntax for type numeric: \"12,50\" (22P02)")
        #expect(lines[1] == "2,\"12,50\",y")
        #expect(lines[2] == "committed: nothing")
        #expect(lines[3].hasPrefix("next: "))
        #expect(ended.output.hasSuffix("COPY 0\n"))
    }

    @Test func `what was committed before a failure is named by its lines`() async throws {
        let padding = String(repeating: "p", count: 1_000)
        let good = (1...2_000).map { "\($0),1,\(padding)\n" }.joined()
        try workdir.write("id,amount,note\n\(good)x,1,bad\n", to: "orders.csv")
        let ended = try await run(
            "orders.csv", "-j1", "--batch-bytes", "64kB", "--report", "json")
        #expect(ended.status == 65, "\(ended)")
        let committed = try #require(try ended.json["committed"] as? [[String: Any]])
        let rows = try #require(Int(try database.query("SELECT count(*) FROM \(table)")))
        try #require(committed.count == 1 && rows > 0 && rows < 2_000)
        #expect(committed[0]["first_line"] as? Int == 2)
        #expect(committed[0]["last_line"] as? Int == rows + 1)
        #expect(
            ended.error.contains(
                "committed: \(grouped(rows)) rows: lines 2-\(rows + 1); nothing else"))
    }

    @Test(
        arguments: [
            (["-t", "no_such_table"], 65), (["-d", "no_such_database", "-t", "t"], 69),
            (["-h", "127.0.0.1", "-U", "scram_user", "-d", "sluice", "-t", "t"], 77),
        ] as [([String], Int32)])
    func `the kind of failure is the exit code`(arguments: [String], status: Int32) async throws {
        let ended = try await workdir.run(
            ["import"] + arguments, input: "id\n1\n",
            environment: .withServer.merging(["PGPASSWORD": "wrong"]) { $1 })
        #expect(ended.status == status, "\(ended)")
        #expect(ended.output.hasSuffix("COPY 0\n"), "\(ended)")
    }

    @Test func `a closed standard output: the rows are in, exit 74`() async throws {
        let path = try workdir.write("id\n1\n", to: "a.csv")
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let running = try workdir.start(
            ["import", "-t", table, path], output: pipe.fileHandleForWriting,
            environment: .withServer)
        let ended = try await running.end()
        #expect(ended.status == 74, "\(ended)")
        #expect(ended.error.contains("could not be written to standard output: Broken pipe"))
        #expect(try rows("id") == "1")
    }

    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func `a signal ends an import whose input is silent`(
        signal: Int32, status: Int32
    ) async throws {
        let path = try workdir.makeFIFO("input")
        let running = try workdir.start(
            ["import", "-t", table, path, "-v"], environment: .withServer)
        // For reading too: to open it does not wait for the reader.
        let writer = try FileHandle(forUpdating: URL(filePath: path))
        try writer.write(contentsOf: Data("id\n1\n".utf8))
        // It may start slowly: a signal before it listens would kill it.
        while writer.hasInput { try await Task.sleep(for: .milliseconds(10)) }
        try await Task.sleep(for: .milliseconds(300))
        let asked = ContinuousClock.now
        running.send(signal)
        let ended = try await running.end()
        #expect(asked.duration(to: .now) < .seconds(2))
        #expect(ended.status == status && !ended.isKilled, "\(ended)")
        #expect(ended.error.contains("cancelled\ncommitted: nothing\n"), "\(ended)")
        #expect(try rows() == "")
    }
}

extension FileHandle {
    /// Whether bytes are there that nobody has read yet.
    fileprivate var hasInput: Bool {
        var state = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) == 1
    }
}
