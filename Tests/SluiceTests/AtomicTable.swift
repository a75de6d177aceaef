import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// A table in a schema of a test's own, for imports that are all or nothing.
struct AtomicTable: Sendable {
    let server: Server
    let schema: String
    let folder = TemporaryFolder()

    var name: String { "\(schema).t" }

    /// - Parameter definition: what follows `CREATE TABLE t`.
    static func with(
        _ definition: String, _ body: (AtomicTable) async throws -> Void
    ) async throws {
        try await Server.with { server in
            let schema = "atomic_" + String(UInt64.random(in: 0 ... .max), radix: 36)
            let table = AtomicTable(server: server, schema: schema)
            try await server.query("CREATE SCHEMA \(schema)")
            try await server.query("CREATE TABLE \(table.name) \(definition)")
            do {
                try await body(table)
            } catch {
                try await server.query("DROP SCHEMA \(schema) CASCADE")
                throw error
            }
            try await server.query("DROP SCHEMA \(schema) CASCADE")
        }
    }

    /// All or nothing, in batches of about a kilobyte.
    func load(
        _ files: [String], _ change: (inout ImportConfiguration) -> Void = { _ in }
    ) async throws -> Load {
        try await load(.files(files), change)
    }

    func load(
        _ source: ImportSource, _ change: (inout ImportConfiguration) -> Void = { _ in }
    ) async throws -> Load {
        try await Load.run(source, into: name) { configuration in
            // Other suites have importers, too.
            configuration.connection.database = "application_name=\(schema)"
            configuration.load.atomic = true
            configuration.load.batchBytes = .kibibytes(1)
            change(&configuration)
        }
    }

    func load(
        _ text: String, _ change: (inout ImportConfiguration) -> Void = { _ in }
    ) async throws -> Load {
        try await load([folder.file("text.csv", text)], change)
    }

    /// What a question answers, as one text.
    func rows(_ question: String) async throws -> String {
        try await server.query(question).rows
            .map { $0.map { $0 ?? "NULL" }.joined(separator: ",") }.joined(separator: ";")
    }

    func count() async throws -> Int {
        Int(try await server.value("SELECT count(*) FROM \(name)") ?? "") ?? -1
    }

    /// How many staging tables there are.
    func stagingTables() async throws -> Int {
        let count = try await server.value(
            """
            SELECT count(*) FROM pg_class
            WHERE relnamespace = '\(schema)'::regnamespace AND relname LIKE 'pgsluice%'
            """)
        return Int(count ?? "") ?? -1
    }

    /// Nothing of the import is left but what it was to leave.
    func expectClean(at sourceLocation: Testing.SourceLocation = #_sourceLocation) async throws {
        let hasNoImporters = try await server.hasNoImporters(named: schema)
        #expect(hasNoImporters, sourceLocation: sourceLocation)
        let tables = try await stagingTables()
        #expect(tables == 0, "staging tables", sourceLocation: sourceLocation)
    }

    /// It has failed, and the table has only its old rows.
    func expectNothing(
        _ load: Load, sqlState: String?, old: Int = 0,
        at sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) async throws {
        #expect(load.code == .data, sourceLocation: sourceLocation)
        #expect(load.report.error?.sqlState == sqlState, sourceLocation: sourceLocation)
        #expect(load.report.committed.isEmpty, sourceLocation: sourceLocation)
        #expect(
            load.counts.recordsUnloaded == load.counts.recordsRead,
            sourceLocation: sourceLocation)
        #expect(load.counts.addsUp, sourceLocation: sourceLocation)
        let count = try await count()
        #expect(count == old, "rows", sourceLocation: sourceLocation)
        try await expectClean(at: sourceLocation)
    }
}
