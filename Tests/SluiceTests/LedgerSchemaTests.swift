import Glibc
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// Who makes the ledger's schema, who may use it, and whose is not used.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: PrivateServer.isWanted, "PGSLUICE_TEST_SERVER_DIR is unset"))
struct LedgerSchemaTests {
    private static let migration = "sql/ledger/001_ledger.sql"

    private func migration() throws -> String {
        let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try #require(fopen("/\(path)/\(Self.migration)", "re"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @Test func `the program carries the file that a DBA may run`() throws {
        #expect(try String(decoding: PackageResources._01_ledger_sql, as: UTF8.self) == migration())
    }

    @Test func `a second installation changes nothing`() async throws {
        try await LedgerDatabase.withLedger { database in
            let before = try await database.query("SELECT * FROM pgsluice.version")
            try await database.connected { try Ledger.install(on: $0) }
            #expect(try await database.query("SELECT * FROM pgsluice.version") == before)
            #expect(before.count == 1)
        }
    }

    @Test func `two at the same time make one schema`() async throws {
        try await LedgerDatabase.with { database in
            async let one: Void = database.connected { try Ledger.install(on: $0) }
            async let other: Void = database.connected { try Ledger.install(on: $0) }
            _ = try await (one, other)
            #expect(try await database.query("SELECT version FROM pgsluice.version") == [["1"]])
        }
    }

    @Test func `what psql has run is complete, and so is what it has run in part`() async throws {
        try await LedgerDatabase.with { database in
            let script = try migration()
            let half = script.split(separator: "-- The files").first.map(String.init)
            _ = try await database.query(try #require(half))
            try await database.connected { try Ledger.install(on: $0) }
            #expect(try await database.query("SELECT version FROM pgsluice.version") == [["1"]])
            _ = try await database.query(script)
            try await database.connected { connection in
                let version = try Ledger.version(on: connection)
                #expect(version == 1)
            }
        }
    }

    // MARK: Rights

    @Test func `a user with the granted rights runs an import, and a new one over it`()
        async throws
    {
        try await LedgerDatabase.withLedger { database in
            try await database.withUser { user in
                _ = try await database.query(
                    """
                    GRANT USAGE ON SCHEMA pgsluice TO \(user);
                    GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA pgsluice TO \(user);
                    """)
                try await database.connected(as: user) { connection in
                    try Ledger.install(on: connection)
                    for size in [10, 20] {
                        let ledger = Ledger(identity: .sample(sources: [.sample(size: size)]))
                        #expect(try ledger.takeOver(on: connection) == nil)
                        let state = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                        try ledger.commit(.sample(0..<size), epoch: state.epoch, on: connection)
                        let next = try #require(try ledger.takeOver(on: connection))
                        #expect(next.done[0].count == 1)
                        try ledger.finish(
                            epoch: next.epoch, sources: [(0, size, 10)], on: connection)
                    }
                }
            }
        }
    }

    @Test func `who may not make the schema is told what to do`() async throws {
        try await LedgerDatabase.with { database in
            try await database.withUser { user in
                let failure = await #expect(throws: Failure.self) {
                    try await database.connected(as: user) { try Ledger.install(on: $0) }
                }
                #expect(failure?.code == .permission)
                #expect(failure?.sqlState?.code == "42501")
                #expect(failure?.advice?.contains("sql/ledger/001_ledger.sql") == true)
            }
        }
    }

    @Test func `who may not read it is told so by the server`() async throws {
        try await LedgerDatabase.withLedger { database in
            try await database.withUser { user in
                let error = await #expect(throws: PostgresError.self) {
                    try await database.connected(as: user) { try Ledger.install(on: $0) }
                }
                #expect(error?.sqlState?.code == "42501")
            }
        }
    }

    // MARK: Trust

    @Test(arguments: [
        "ALTER SCHEMA pgsluice OWNER TO", "ALTER TABLE pgsluice.batch OWNER TO",
        "ALTER TABLE pgsluice.version OWNER TO",
    ])
    func `a schema or a table of another user's is not used`(change: String) async throws {
        try await LedgerDatabase.withLedger { database in
            try await database.withUser { user in
                _ = try await database.query("\(change) \(user)")
                let failure = await #expect(throws: Failure.self) {
                    try await database.connected { try Ledger.install(on: $0) }
                }
                #expect(failure?.code == .permission)
                #expect(failure?.message.contains(user) == true)
            }
        }
    }

    @Test func `an empty schema of another user's is not filled`() async throws {
        try await LedgerDatabase.with { database in
            try await database.withUser { user in
                _ = try await database.query("CREATE SCHEMA pgsluice AUTHORIZATION \(user)")
                await #expect(throws: Failure.self) {
                    try await database.connected { try Ledger.install(on: $0) }
                }
                let tables = try await database.query(
                    "SELECT FROM pg_class WHERE relnamespace = 'pgsluice'::regnamespace")
                #expect(tables.isEmpty)
            }
        }
    }

    @Test func `a user's own is used, and the database owner's`() async throws {
        try await LedgerDatabase.with { database in
            try await database.withUser { user in
                _ = try await database.query(
                    "GRANT CREATE ON DATABASE \(database.name) TO \(user)")
                try await database.connected(as: user) { try Ledger.install(on: $0) }
                try await database.connected(as: user) { try Ledger.install(on: $0) }
                _ = try await database.query("ALTER DATABASE \(database.name) OWNER TO \(user)")
                try await database.connected { try Ledger.install(on: $0) }
                _ = try await database.query("ALTER DATABASE \(database.name) OWNER TO postgres")
            }
        }
    }

    /// As its predefined role; there is no other member of it.
    @Test func `a schema may be the database owner's by role`() async throws {
        try await LedgerDatabase.withLedger { database in
            _ = try await database.query("ALTER SCHEMA pgsluice OWNER TO pg_database_owner")
            try await database.connected { try Ledger.install(on: $0) }
        }
    }

    @Test func `the ledger of a newer program is left alone`() async throws {
        try await LedgerDatabase.withLedger { database in
            _ = try await database.query("INSERT INTO pgsluice.version VALUES (1000)")
            let failure = await #expect(throws: Failure.self) {
                try await database.connected { try Ledger.install(on: $0) }
            }
            #expect(failure?.code == .data)
        }
    }
}
