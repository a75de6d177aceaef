import Foundation
import Testing

/// What ends before a server answers.
@Suite(.timeLimit(.minutes(1))) struct WithoutServerTests {
    /// Port 1 of this machine: nobody listens there.
    private let nowhere = ["import", "-h", "127.0.0.1", "-p1", "-d", "d", "-U", "u", "-t", "t"]

    static let reportKeys = [
        "version", "status", "exit_code", "import_id", "table", "dry_run", "started_at",
        "finished_at", "duration_seconds", "records_read", "rows_loaded", "rows_rejected",
        "rows_skipped", "records_unloaded", "records_recovered", "lines_passed", "resumed_rows",
        "bytes_read", "batches", "resumed_batches", "retries", "rows_per_second",
        "bytes_per_second", "lanes", "peak_memory_bytes", "committed", "files", "error",
    ]

    @Test func `no server: exit 69 and a report with every key`() async throws {
        let workdir = try Workdir()
        try workdir.write("a\n1\n", to: "a.csv")
        let ended = try await workdir.run(nowhere + ["--report", "json", "a.csv"])
        #expect(ended.status == 69, "\(ended)")
        #expect(ended.error.contains("\ncommitted: nothing\n"), "\(ended)")
        let report = try ended.json
        #expect(Set(report.keys) == Set(Self.reportKeys))
        #expect(report["status"] as? String == "failed")
        #expect(report["exit_code"] as? Int == 69)
        #expect(report["peak_memory_bytes"] as? Int ?? 0 > 1_000_000)
    }

    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
    func `a signal ends an import that waits for a silent server`(
        signal: Int32, status: Int32
    ) async throws {
        let server = try SilentServer()
        let workdir = try Workdir()
        try workdir.write("a\n1\n", to: "a.csv")
        let arguments = [
            "import", "-h", "127.0.0.1", "-p\(server.port)", "-d", "d", "-t", "t", "a.csv",
            "--report", "json",
        ]
        let running = try workdir.start(arguments)
        try await server.awaitClient()
        let asked = ContinuousClock.now
        running.send(signal)
        let ended = try await running.end()
        #expect(asked.duration(to: .now) < .seconds(2))
        #expect(ended.status == status && !ended.isKilled, "\(ended)")
        #expect(ended.errorLines == ["cancelled", "committed: nothing"], "\(ended)")
        #expect(try ended.json["status"] as? String == "cancelled")
        #expect(try ended.json["exit_code"] as? Int == Int(status))
    }

    @Test func `under nohup a hangup is not heard`() async throws {
        let server = try SilentServer()
        let workdir = try Workdir()
        try workdir.write("a\n1\n", to: "a.csv")
        let command = "trap '' HUP; exec \"$0\" import -h 127.0.0.1 -p \"$1\" -d d -t t a.csv"
        let running = try Running(
            URL(filePath: "/bin/sh"), ["-c", command, Program.url.path, String(server.port)],
            in: workdir, input: .nullDevice, output: nil, environment: .withoutServer)
        try await server.awaitClient()
        running.send(SIGHUP)
        try await Task.sleep(for: .milliseconds(300))
        running.send(SIGTERM)
        #expect(try await running.end().status == 143)
    }

    @Test func `with --log-format json all of standard error is JSON`() async throws {
        let workdir = try Workdir()
        try workdir.write("a\n1\n", to: "a.csv")
        let ended = try await workdir.run(nowhere + ["a.csv", "--log-format", "json", "-vv"])
        for line in ended.errorLines {
            let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
            #expect((value as? [String: Any])?["type"] as? String == "log", "\(line)")
        }
        #expect(ended.error.contains(#""committed":"nothing""#), "\(ended)")
    }

    @Test func `what can't be written to standard output is not lost in silence`() async throws {
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let workdir = try Workdir()
        let running = try workdir.start(["--help"], output: pipe.fileHandleForWriting)
        let ended = try await running.end()
        #expect(ended.status == 74 && !ended.isKilled)
        #expect(ended.error == "pgsluice: standard output: Broken pipe\n", "\(ended)")
    }

    @Test func `no file gets the number of a closed standard output`() async throws {
        let workdir = try Workdir()
        try workdir.write("a\n1\n", to: "a.csv")
        let command = "exec \"$0\" \"$@\" a.csv >&-"
        let running = try Running(
            URL(filePath: "/bin/sh"), ["-c", command, Program.url.path] + nowhere,
            in: workdir, input: .nullDevice, output: nil, environment: .withoutServer)
        let ended = try await running.end()
        #expect(ended.status == 69, "\(ended)")
        #expect(ended.error.contains("could not be written to standard output"), "\(ended)")
    }
}
