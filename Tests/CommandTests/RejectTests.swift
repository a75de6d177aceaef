import Foundation
import SluiceTestSupport
import Testing

/// Reject files, limits and exit codes, as scripts see them.
@Suite(
    .serialized, .timeLimit(.minutes(3)),
    .enabled(if: TestDatabase.canRun, "PGSLUICE_TEST_SERVER_DIR is unset"))
struct RejectTests {
    private let database: TestDatabase
    private let workdir: Workdir
    private let table: String

    init() throws {
        database = try TestDatabase()
        workdir = try Workdir()
        table = try database.table("t", "id int PRIMARY KEY, name varchar(5)")
    }

    private func run(_ flags: [String], _ files: [String] = ["in.csv"]) async throws -> Ended {
        try await workdir.run(
            ["import", "-t", table, "--report", "json", "--progress", "none"] + flags + files,
            environment: .withServer)
    }

    private func content(_ name: String) throws -> String {
        try String(contentsOf: workdir.url.appending(component: name), encoding: .utf8)
    }

    private func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: workdir.url.appending(component: name).path)
    }

    @Test func `rejects lie beside a log, begin as the input does, and can be mended`() async throws
    {
        try workdir.write(
            "skipped\n# note\nid,name\n1,a\nx,b\n3,too long\n4,\"d\nd\",more\n1,e", to: "in.csv")
        let flags = ["--on-error", "reject", "--skip-lines", "1", "--comment", "#", "-j1"]
        let ended = try await run(flags)
        #expect(ended.status == 3, "\(ended)")
        #expect(
            try content("in.csv.rejects.csv")
                == "skipped\n# note\nid,name\nx,b\n3,too long\n4,\"d\nd\",more\n1,e\n")
        let log = try content("in.csv.rejects.csv.log").split(separator: "\n")
        #expect(
            log.map { String($0.prefix { $0 != "," }) }
                == Array(repeating: "{\"file\":\"in.csv\"", count: 4))
        #expect(
            log[0].contains(
                #""line":5,"end_line":5,"record":2,"byte_offset":27,"bytes":4,"column":"id","kind":"value","sqlstate":"22P02""#
            ))
        #expect(log[1].contains(#""column":"name","kind":"value","sqlstate":"22001""#))
        #expect(
            log[2].contains(#""line":7,"end_line":8,"record":4,"#)
                && log[2].contains(#""kind":"shape","sqlstate":"22P04""#))
        #expect(log[3].contains(#""bytes":3,"column":null,"kind":"constraint","sqlstate":"23505""#))
        #expect(!exists("in.csv.rejects.csv.parts"))

        let mended = try content("in.csv.rejects.csv").replacing("x,b", with: "2,b")
            .replacing("too long", with: "c").replacing(",more", with: "").replacing(
                "1,e", with: "5,e")
        try workdir.write(mended, to: "mended.csv")
        let again = try await run(flags, ["mended.csv"])
        #expect(again.status == 0 && !exists("mended.csv.rejects.csv"), "\(again)")
        #expect(try database.query("SELECT count(*) FROM \(table)") == "5")
    }

    @Test func `a reject file that exists is not touched`() async throws {
        try workdir.write("id,name\n1,a\nx,b\n", to: "in.csv")
        try workdir.write("mine", to: "mine.csv")
        let refused = try await run(["--rejects", "mine.csv"])
        #expect(refused.status == 73 && refused.error.contains("mine.csv exists"), "\(refused)")
        #expect(try content("mine.csv") == "mine")
        #expect(try database.query("SELECT count(*) FROM \(table)") == "0")
        let replaced = try await run(["--rejects", "mine.csv", "--rejects-overwrite"])
        #expect(replaced.status == 3, "\(replaced)")
        #expect(try content("mine.csv") == "id,name\nx,b\n")
        _ = try await run(["--rejects", "new.csv"])
        let path = workdir.url.appending(component: "new.csv").path
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func `a line longer than a batch does not move the lines of rejects behind it`()
        async throws
    {
        let long = String(repeating: "c", count: 9_000)
        try workdir.write("id,name\n1,a\n#\(long)\nx,b\n2,\(long)\ny,c\n", to: "in.csv")
        let flags = ["--comment", "#", "--max-record-bytes", "1kB", "--batch-bytes", "1kB"]
        let ended = try await run(flags + ["--on-error", "reject", "-j1"])
        #expect(ended.status == 3, "\(ended)")
        #expect(try content("in.csv.rejects.csv") == "id,name\nx,b\ny,c\n")
        let lines = try content("in.csv.rejects.csv.log").matches(of: /"line":(\d+)/).map(\.1)
        #expect(lines == ["4", "5", "6"])
    }

    @Test func `what is still needed is not replaced`() async throws {
        let input = "id,name\n1,a\nx,b\n"
        try workdir.write(input, to: "in.csv")
        let itself = try await run(["--rejects", "in.csv", "--rejects-overwrite"])
        #expect(itself.status == 73 && itself.error.contains("is an input"), "\(itself)")
        let folder = workdir.url.path
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/link.csv", withDestinationPath: "in.csv")
        let linked = try await run(["--rejects", "link.csv", "--rejects-overwrite"])
        #expect(linked.status == 73, "\(linked)")
        try workdir.write(input, to: "r.csv.log")
        let log = try await run(["--rejects", "r.csv", "--rejects-overwrite"], ["r.csv.log"])
        #expect(log.status == 73, "\(log)")
        #expect(try content("r.csv.log") == input)
        let fifo = try workdir.makeFIFO("fifo")
        let special = try await run(["--rejects", fifo, "--rejects-overwrite"])
        #expect(special.status == 73 && special.error.contains("no regular file"), "\(special)")
        #expect(try content("in.csv") == input)
        #expect(try database.query("SELECT count(*) FROM \(table)") == "0")
    }

    @Test func `a disk without room for rejects ends the import, and what is in stays known`()
        async throws
    {
        let rows = (1...20_000).map { "\($0 % 2 == 0 ? "x\($0)" : "\($0)"),a\n" }.joined()
        try workdir.write("id,name\n" + rows, to: "in.csv")
        // A limit of the process's own stands in for a full disk.
        let limited = try Running(
            URL(filePath: "/bin/bash"),
            [
                "-c", "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\"", Program.url.path, "import",
                "-t", table, "--report", "json", "--progress", "none", "--reject-ratio", "1",
                "--batch-bytes", "16kB", "-j1", "in.csv",
            ], in: workdir, input: .nullDevice, output: nil, environment: .withServer)
        let ended = try await limited.end()
        #expect(ended.status == 74 && ended.error.contains("could not be written"), "\(ended)")
        let loaded = try #require(try ended.json["rows_loaded"] as? Int)
        #expect(try database.query("SELECT count(*) FROM \(table)") == "\(loaded)")
    }

    @Test func `lines that are skipped without a header are skipped in the reject file too`()
        async throws
    {
        try workdir.write("first\nsecond\r\n1,a\nx,b\ny,c\n", to: "in.csv")
        let flags = ["--no-header", "--skip-lines", "2", "--on-error", "reject"]
        let ended = try await run(flags)
        #expect(ended.status == 3, "\(ended)")
        let rejects = "first\nsecond\r\nx,b\ny,c\n"
        #expect(try content("in.csv.rejects.csv") == rejects)
        let again = try await run(flags, ["in.csv.rejects.csv"])
        #expect(try again.json["rows_rejected"] as? Int == 2, "\(again)")
        #expect(try content("in.csv.rejects.csv.rejects.csv") == rejects)
    }

    @Test(arguments: [[], ["--resume"]])
    func `a skipped line longer than a batch is whole in the reject file`(
        flags: [String]
    ) async throws {
        let long = String(repeating: "long line ", count: 5_000)
        let rows = (1...2_000).map { $0 % 500 == 0 ? "x\($0),a\n" : "\($0),a\n" }
        let head = "\u{FEFF}short\n\(long)\n#\(long)\n"
        try workdir.write(head + rows.joined(), to: "in.csv")
        let rejects = head.dropFirst() + rows.filter { $0.hasPrefix("x") }.joined()
        let flags =
            ["--no-header", "--skip-lines", "2", "--comment", "#", "-j1"]
            + ["--batch-bytes", "4kB", "--max-record-bytes", "4kB"] + flags
        if flags.contains("--resume") {
            // What stands before the first record is loaded already when it goes on.
            let failed = try await run(flags + ["--reject-limit", "2"])
            #expect(failed.status == 65, "\(failed)")
        }
        let ended = try await run(flags + ["--reject-limit", "9"])
        #expect(ended.status == 3, "\(ended)")
        #expect(try content("in.csv.rejects.csv") == rejects)
        try workdir.write(String(rejects), to: "again.csv")
        let again = try await run(flags + ["--reject-limit", "9"], ["again.csv"])
        #expect(try again.json["rows_rejected"] as? Int == 4, "\(again)")
        #expect(try content("again.csv.rejects.csv") == rejects)
    }

    @Test func `a value of hundreds of columns is sorted as any other`() async throws {
        let columns = (0..<500).map { "c\($0) timestamptz" }.joined(separator: ", ")
        let wide = try database.table("wide", "id int, " + columns)
        let values = String(repeating: ",2020-01-01 10:11:12.123456+00", count: 500)
        try workdir.write("1\(values)\nx\(values)\n2\(values)\n", to: "wide.csv")
        let ended = try await workdir.run(
            ["import", "-t", wide, "--no-header", "--on-error", "reject", "wide.csv"],
            environment: .withServer)
        #expect(ended.status == 3, "\(ended)")
        #expect(try database.query("SELECT count(*) FROM \(wide)") == "2")
    }

    @Test func `several inputs have several names, whatever they are called`() async throws {
        for folder in ["a", "b", "out"] {
            try FileManager.default.createDirectory(
                at: workdir.url.appending(component: folder), withIntermediateDirectories: true)
        }
        let files = ["a/in.csv", "b/in.csv", "in.csv.2"]
        for (number, file) in files.enumerated() {
            try workdir.write("id,name\nx\(number),a\n", to: file)
        }
        let ended = try await run(["--rejects", "out/"], files)
        #expect(ended.status == 3, "\(ended)")
        #expect(try content("out/in.csv.2.rejects.csv") == "id,name\nx1,a\n")
        #expect(try content("out/in.csv.2.2.rejects.csv") == "id,name\nx2,a\n")
    }

    @Test func `a file that can't be made is told before a row is sent`() async throws {
        try workdir.write("id,name\n1,a\nx,b\n", to: "in.csv")
        let ended = try await run(["--rejects", "no/such/folder/r.csv"])
        #expect(ended.status == 73, "\(ended)")
        #expect(try database.query("SELECT count(*) FROM \(table)") == "0")
    }

    @Test func `several inputs have several files`() async throws {
        for folder in ["a", "b", "out"] {
            try FileManager.default.createDirectory(
                at: workdir.url.appending(component: folder), withIntermediateDirectories: true)
        }
        try workdir.write("id,name\nx,a\n", to: "a/in.csv")
        try workdir.write("id,name\ny,b\n", to: "b/in.csv")
        let files = ["a/in.csv", "b/in.csv"]
        let one = try await run(["--rejects", "one.csv"], files)
        #expect(one.status == 64, "\(one)")
        let ended = try await run(["--rejects", "out/"], files)
        #expect(ended.status == 3, "\(ended)")
        #expect(try content("out/in.csv.rejects.csv") == "id,name\nx,a\n")
        #expect(try content("out/in.csv.2.rejects.csv") == "id,name\ny,b\n")
    }

    @Test func `a name that is taken leaves nothing of the other files behind`() async throws {
        for name in ["a.csv", "b.csv"] { try workdir.write("id,name\nx,a\n", to: name) }
        try workdir.write("mine", to: "b.csv.rejects.csv.log")
        let ended = try await run(["--on-error", "reject"], ["a.csv", "b.csv"])
        #expect(ended.status == 73, "\(ended)")
        #expect(try content("b.csv.rejects.csv.log") == "mine")
        for name in ["a.csv.rejects.csv", "a.csv.rejects.csv.log", "b.csv.rejects.csv"] {
            #expect(!exists(name) && !exists(name + ".parts"), "\(name)")
        }
    }

    @Test func `an input that is named as another's rejects are has a file of its own`()
        async throws
    {
        let files = ["a/in", "b/in", "c/in.2"]
        for file in files {
            let folder = workdir.url.appending(component: String(file.prefix(1)))
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try workdir.write("id,name\nx,\(file)\n", to: file)
        }
        let ended = try await run(["--on-error", "reject"], files)
        #expect(ended.status == 3, "\(ended)")
        #expect(try content("in.2.rejects.csv") == "id,name\nx,b/in\n")
        #expect(try content("in.2.2.rejects.csv") == "id,name\nx,c/in.2\n")
    }

    @Test func `a table of very many columns loses its bad records only`() async throws {
        let names = (0..<1_600).map { "c\($0)" }
        let wide = try database.table("wide", names.map { "\($0) int" }.joined(separator: ","))
        let good = names.map { _ in "1" }.joined(separator: ",")
        let lines = [names.joined(separator: ","), good, "x" + good.dropFirst(), good]
        try workdir.write(lines.joined(separator: "\n"), to: "in.csv")
        let ended = try await workdir.run(
            ["import", "-t", wide, "--on-error", "reject", "in.csv"], environment: .withServer)
        #expect(ended.status == 3 && ended.output.hasSuffix("COPY 2\n"), "\(ended)")
    }

    @Test func `none keeps only the counts`() async throws {
        try workdir.write("id,name\n1,a\nx,b\n", to: "in.csv")
        let ended = try await run(["--rejects", "none"])
        #expect(ended.status == 3 && !exists("in.csv.rejects.csv"), "\(ended)")
        #expect(try ended.json["rows_rejected"] as? Int == 1)
    }

    @Test func `the reject after the limit ends the import`() async throws {
        try workdir.write(
            "id,name\n" + (1...50).map { "\($0 % 10 == 0 ? "x" : "\($0)"),a\n" }.joined(),
            to: "in.csv")
        let within = try await run(["--reject-limit", "5", "--rejects", "none"])
        #expect(within.status == 3, "\(within)")
        try database.query("TRUNCATE \(table)")
        let beyond = try await run(["--reject-limit", "4", "--rejects", "none", "-j1"])
        #expect(beyond.status == 65 && beyond.error.contains("--reject-limit"), "\(beyond)")
    }

    @Test func `a share of rejects is judged from a thousand records on`() async throws {
        let dirty = "id,name\n" + (1...999).map { "x\($0),a\n" }.joined()
        try workdir.write(dirty, to: "in.csv")
        let few = try await run(["--reject-ratio", "0.1", "--rejects", "none"])
        #expect(few.status == 3, "\(few)")
        try workdir.write(dirty + "1000,a\n", to: "in.csv")
        let enough = try await run(["--reject-ratio", "0.1", "--rejects", "none"])
        #expect(enough.status == 65 && enough.error.contains("--reject-ratio"), "\(enough)")
    }

    @Test func `a thousand rejects and nothing else are the wrong dialect`() async throws {
        try workdir.write(
            "id,name\n" + (1...1_001).map { "\($0);a\n" }.joined() + "5,a\n", to: "in.csv")
        let ended = try await run(["--on-error", "reject", "--rejects", "none"])
        #expect(ended.status == 65 && ended.error.contains("delimiter ','"), "\(ended)")
        let allowed = try await run(["--reject-limit", "2000", "--rejects", "none"])
        #expect(allowed.status == 3, "\(allowed)")
    }

    @Test func `what is too long to be held is not stored, and the log says so`() async throws {
        let long = "2," + String(repeating: "c", count: 5_000)
        try workdir.write("id,name\n1,a\n\(long)\n3,b\n", to: "in.csv")
        let ended = try await run(["--on-error", "reject", "--max-record-bytes", "1kB"])
        #expect(ended.status == 3, "\(ended)")
        #expect(try content("in.csv.rejects.csv") == "id,name\n")
        #expect(try content("in.csv.rejects.csv.log").contains("\"omitted\":true}"))
        #expect(try database.query("SELECT count(*) FROM \(table)") == "2")
    }

    @Test(arguments: [[], ["--resume"]])
    func `a first record too long to be held is no part of what stands before it`(
        flags: [String]
    ) async throws {
        let long = "2," + String(repeating: "c", count: 20_000)
        try workdir.write("#a\n#b\n\(long)\n3,b\nx,c\n", to: "in.csv")
        let ended = try await run(
            ["--on-error", "reject", "--no-header", "--comment", "#", "-j1"]
                + ["--batch-bytes", "3kB", "--max-record-bytes", "1kB"] + flags)
        #expect(ended.status == 3, "\(ended)")
        #expect(try content("in.csv.rejects.csv") == "#a\n#b\nx,c\n")
        #expect(try database.query("SELECT count(*) FROM \(table)") == "1")
    }

    @Test func `a failed import keeps the rejects of what it committed`() async throws {
        let rows = (1...3_000).map { $0 % 100 == 0 ? "x,a\n" : "\($0),a\n" }.joined()
        try workdir.write("id,name\n" + rows, to: "in.csv")
        let ended = try await run(["--reject-limit", "20", "--batch-bytes", "1kB", "-j1"])
        #expect(ended.status == 65, "\(ended)")
        #expect(
            try content("in.csv.rejects.csv") == "id,name\n" + String(repeating: "x,a\n", count: 20)
        )
        #expect(!exists("in.csv.rejects.csv.parts"))
    }

    @Test func `an input of nothing but comments resumes to nothing`() async throws {
        try workdir.write("# a\n# b\n", to: "in.csv")
        try workdir.write("# a\n1,b\n", to: "second.csv")
        let flags = ["--no-header", "--comment", "#", "--resume"]
        for policy in ["stop", "reject", "reject"] {
            let ended = try await run(flags + ["--on-error", policy])
            #expect(ended.status == 0, "\(ended)")
            let both = try await run(
                flags + ["--on-error", policy, "--import-id", policy + database.schema],
                ["in.csv", "second.csv"])
            #expect(both.status == 0, "\(both)")
            #expect(try database.query("SELECT count(*) FROM \(table)") == "1")
            if policy == "stop" { try database.query("TRUNCATE \(table)") }
        }
        #expect(try await run(flags + ["--truncate", "--import-id", database.schema]).status == 65)
    }

    @Test(arguments: [6, 24])
    func `rejects in any number need no more memory`(times: Int) async throws {
        let chunk = (1...10_000).map { "x\($0),a\n" }.joined()
        let file = workdir.url.appending(component: "in.csv")
        try Data("id,name\n".utf8).write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
        for _ in 0..<times { try handle.write(contentsOf: Data(chunk.utf8)) }
        try handle.close()
        let ended = try await run(["--reject-ratio", "1", "-j2"])
        let report = try ended.json
        #expect(report["rows_rejected"] as? Int == times * 10_000, "\(ended)")
        let peak = try #require(report["peak_memory_bytes"] as? Int)
        #expect(peak < 64 << 20 || TestSettings.isSanitized)
    }
}
