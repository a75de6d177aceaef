import Sluice
import SluiceCore
import SluiceTestSupport
import Testing

/// A source that fails at its first read, at its second, and so on until a run meets no fault.
@Suite(
    "Sources that fail", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: PrivateServer.isWanted))
struct SourceFaultTests {
    private struct ReadFault: Error {}

    private static let text = "id,note\n" + (1...4_000).map { "\($0),\"row\n\($0)\"\n" }.joined()

    /// - Parameter reads: how many succeed; nil: all.
    private func source(failingAfter reads: Int?) -> ImportSource {
        let bytes = Array(Self.text.utf8)
        let chunks = stride(from: 0, to: bytes.count, by: 5_000).map {
            Array(bytes[$0..<min($0 + 5_000, bytes.count)])
        }
        let stream = AsyncThrowingStream<[UInt8], any Error> { continuation in
            for chunk in chunks.prefix(reads ?? chunks.count) { continuation.yield(chunk) }
            continuation.finish(throwing: (reads ?? .max) < chunks.count ? ReadFault() : nil)
        }
        return .bytes(stream, name: "source")
    }

    private func withTable(_ body: (Server, String) async throws -> Void) async throws {
        try await Server.with { server in
            try await server.query("CREATE TABLE source_faults (id int, note text)")
            do { try await body(server, "source_faults") } catch {
                try await server.query("DROP TABLE source_faults")
                throw error
            }
            try await server.query("DROP TABLE source_faults")
        }
    }

    private func load(
        failingAfter reads: Int?, _ change: @escaping (inout ImportConfiguration) -> Void
    ) async throws -> Load {
        try await Load.run(source(failingAfter: reads), into: "source_faults") {
            $0.load.batchBytes = .kibibytes(4)
            change(&$0)
        }
    }

    private func expectWhole(_ server: Server, _ note: String) async throws {
        let sums = try await server.value(
            "SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || sum(id) FROM source_faults")
        #expect(sums == "4000 4000 8002000", "\(note)")
    }

    @Test func `what was read before is loaded, and told`() async throws {
        try await withTable { server, _ in
            for reads in 0... {
                try await server.query("TRUNCATE source_faults")
                let load = try await load(failingAfter: reads) { _ in }
                let count = try await server.value("SELECT count(*) FROM source_faults")
                #expect(count == "\(load.counts.rowsLoaded)", "after \(reads) reads")
                #expect(load.counts.addsUp)
                guard load.error != nil else {
                    return try await expectWhole(server, "without a fault")
                }
                #expect(
                    load.code == .io, "after \(reads) reads: \(String(describing: load.error))")
            }
        }
    }

    @Test func `a ledger lets the next run go on`() async throws {
        try await withTable { server, _ in
            for reads in 0... {
                try await server.query("TRUNCATE source_faults")
                let resuming: (inout ImportConfiguration) -> Void = {
                    $0.load.resume = true
                    $0.load.importID = "source-fault-\(reads)"
                }
                let first = try await load(failingAfter: reads, resuming)
                guard first.error != nil else {
                    return try await expectWhole(server, "without a fault")
                }
                let second = try await load(failingAfter: nil, resuming)
                #expect(second.error == nil, "\(String(describing: second.error))")
                #expect(second.counts.resumedRows == first.counts.rowsLoaded)
                try await expectWhole(server, "after \(reads) reads")
            }
        }
    }
}
