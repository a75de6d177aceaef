import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// What others do to the table, and to us, while it is loaded.
@Suite(
    "Tables that change", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: PrivateServer.isWanted))
struct TargetChangeTests {
    /// Feeds an import: half of the rows, then, when some are committed, `change`, then the rest.
    private func loading(
        _ server: Server, meanwhile change: String
    ) async throws -> (load: Load, committed: Int) {
        let (stream, feed) = AsyncStream<[UInt8]>.makeStream()
        let lines = Array((1...2_000).map { "\($0),x\n" }.joined().utf8)
        feed.yield(Array("id,note\n".utf8) + lines)
        async let load = Load.run(.bytes(stream, name: "feed"), into: "targets.t") {
            $0.load.batchBytes = .kibibytes(1)
        }
        let count = "SELECT count(*) FROM targets.t"
        var (committed, steady) = (0, 0)
        #expect(
            try await becomesTrue {
                let last = committed
                committed = Int(try await server.value(count) ?? "") ?? 0
                // The reader keeps what does not fill a batch; a slow server takes its time.
                steady = committed == last ? steady + 1 : 0
                return committed > 1_000 && steady == 10
            })
        try await server.query(change)
        feed.yield(lines)
        feed.finish()
        return (try await load, committed)
    }

    @Test func `a table that is replaced meanwhile is not loaded into`() async throws {
        try await Server.withSchema("CREATE TABLE targets.t (id int, note text)") { server in
            let (load, committed) = try await loading(
                server,
                meanwhile: "DROP TABLE targets.t; CREATE TABLE targets.t (id int, note text)")
            #expect(load.code == .data)
            #expect(load.error?.message.contains("was replaced while it was loaded") == true)
            #expect(load.counts.addsUp && load.counts.rowsLoaded == committed)
            #expect(try await server.value("SELECT count(*) FROM targets.t") == "0")
        }
    }

    @Test func `a table that is dropped meanwhile ends the import`() async throws {
        try await Server.withSchema("CREATE TABLE targets.t (id int, note text)") { server in
            let (load, committed) = try await loading(server, meanwhile: "DROP TABLE targets.t")
            #expect(load.code == .data && load.error?.server?.sqlState.code == "42P01")
            #expect(load.counts.addsUp && load.counts.rowsLoaded == committed)
        }
    }

    @Test func `a column that is dropped meanwhile ends the import`() async throws {
        try await Server.withSchema("CREATE TABLE targets.t (id int, note text)") { server in
            let (load, committed) = try await loading(
                server, meanwhile: "ALTER TABLE targets.t DROP COLUMN note")
            #expect(load.code == .data && load.error?.server?.sqlState.code == "42703")
            #expect(load.counts.addsUp && load.counts.rowsLoaded == committed)
        }
    }

    @Test func `backends that are terminated meanwhile end the import as a lost server`()
        async throws
    {
        try await Server.withSchema("CREATE TABLE targets.t (id int, note text)") { server in
            let (stream, feed) = AsyncStream<[UInt8]>.makeStream()
            let lines = Array((1...200_000).map { "\($0),x\n" }.joined().utf8)
            feed.yield(Array("id,note\n".utf8) + lines)
            async let run = Load.run(.bytes(stream, name: "feed"), into: "targets.t") {
                $0.load.batchBytes = .kibibytes(64)
            }
            let backends = """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = 'pgsluice' AND query LIKE '%COPY%'
                """
            #expect(try await becomesTrue { try await server.value(backends) != "0" })
            feed.yield(lines)
            feed.finish()
            let load = try await run
            // An idle connection that has gone is replaced in silence.
            if let error = load.error {
                #expect(error.code == .server)
                #expect(error.server?.sqlState.code == "57P01" || error.server == nil)
            }
            #expect(load.counts.addsUp)
            let count = try await server.value("SELECT count(*) FROM targets.t")
            #expect(count == "\(load.counts.rowsLoaded)")
        }
    }
}
