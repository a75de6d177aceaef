import Foundation
import SluiceTestSupport
import Testing

/// Promise 4: memory is set before the start.
@Suite(
    .serialized, .timeLimit(.minutes(3)),
    .enabled(if: TestDatabase.canRun, "PGSLUICE_TEST_SERVER_DIR is unset"))
struct MemoryTests {
    private let database: TestDatabase
    private let workdir: Workdir
    private let table: String

    init() throws {
        database = try TestDatabase()
        workdir = try Workdir()
        table = try database.table("lines", "id int, name text")
        // A program that ends before its input does must not end the tests.
        signal(SIGPIPE, SIG_IGN)
    }

    @Test func `half a gigabyte through standard input needs less than 64 MB`() async throws {
        let chunk = Data(
            repeatElement("1234567,\(String(repeating: "c", count: 91))\n", count: 10_000)
                .joined().utf8)
        let times = TestSettings.isSanitized ? 50 : 500
        let ended = try await load(chunk, times: times)
        let report = try ended.json
        #expect(report["rows_loaded"] as? Int == times * 10_000, "\(ended)")
        try expectBounded(report)
    }

    @Test func `a quote that never closes is named by its line, in bounded memory`() async throws {
        let chunk = Data(
            repeatElement("3,\(String(repeating: "c", count: 97))\n", count: 10_000)
                .joined().utf8)
        let ended = try await load(Data("id,name\n1,a\n2,\"b\n".utf8), then: chunk, times: 100)
        #expect(ended.status == 65, "\(ended)")
        let report = try ended.json
        #expect((report["error"] as? [String: Any])?["line"] as? Int == 3, "\(ended)")
        try expectBounded(report)
    }

    @Test func `records of the longest length are held one at a time`() async throws {
        let record = Data("1,\"\(String(repeating: "x\n", count: 7_900_000))\"\n".utf8)
        let times = TestSettings.isSanitized ? 2 : 12
        let ended = try await load(record, times: times)
        let report = try ended.json
        #expect(report["rows_loaded"] as? Int == times, "\(ended)")
        try expectBounded(report)
    }

    private func expectBounded(_ report: [String: Any]) throws {
        let peak = try #require(report["peak_memory_bytes"] as? Int)
        #expect(peak < 64 << 20 || TestSettings.isSanitized)
    }

    /// Feeds the bytes through standard input.
    private func load(
        _ head: Data = Data("id,name\n".utf8), then chunk: Data, times: Int
    ) async throws -> Ended {
        let pipe = Pipe()
        let running = try workdir.start(
            ["import", "-t", table, "--jobs", "2", "--report", "json"],
            input: pipe.fileHandleForReading, environment: .withServer)
        try pipe.fileHandleForReading.close()
        let writer = pipe.fileHandleForWriting
        // Writing blocks, so it has a thread of its own.
        Thread.detachNewThread {
            try? writer.write(contentsOf: head)
            for _ in 0..<times {
                guard (try? writer.write(contentsOf: chunk)) != nil else { break }
            }
            try? writer.close()
        }
        return try await running.end(within: .seconds(120))
    }

    private func load(_ chunk: Data, times: Int) async throws -> Ended {
        try await load(then: chunk, times: times)
    }
}
