import SluiceCore
import SluicePostgres
import SluiceTestSupport

@testable import Sluice

/// A database of a test's own on the private server: there is one ledger to a database.
final class LedgerDatabase: Sendable {
    let name = "ledger_" + String(UInt64.random(in: 0 ... .max), radix: 36)

    static func with(_ body: (LedgerDatabase) async throws -> Void) async throws {
        let database = LedgerDatabase()
        try await Server.with { server in
            try await server.query("CREATE DATABASE \(database.name)")
            do {
                try await body(database)
            } catch {
                try await server.query("DROP DATABASE \(database.name) WITH (FORCE)")
                throw error
            }
            try await server.query("DROP DATABASE \(database.name) WITH (FORCE)")
        }
    }

    /// The same with the ledger's schema.
    static func withLedger(_ body: (LedgerDatabase) async throws -> Void) async throws {
        try await with { database in
            try await database.connected { try Ledger.install(on: $0) }
            try await body(database)
        }
    }

    /// Lends a connection of its own to `body`.
    func connected<Value: Sendable>(
        as user: String = "postgres",
        _ body: @Sendable (isolated Connection) async throws -> Value
    ) async throws -> Value {
        let pool = ConnectionPool(
            ConnectionParameters(dbname: "dbname=\(name) user=\(user)"), maximum: 1,
            stallTimeout: .seconds(60), onNotice: { _ in })
        do {
            let value = try await pool.withConnection(body)
            await pool.close()
            return value
        } catch {
            await pool.close()
            throw error
        }
    }

    func query(_ sql: String) async throws -> [[String?]] {
        try await connected { try $0.query(sql).rows }
    }

    /// Returns when somebody waits for a lock.
    func waitForLockWaiter() async throws {
        let waiters = """
            SELECT FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
        for _ in 0..<500 {
            if try await !query(waiters).isEmpty { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw NobodyWaits()
    }

    private struct NobodyWaits: Error {}

    /// Runs `body` as a new user, who may only connect.
    func withUser(_ body: (String) async throws -> Void) async throws {
        let user = "user_" + name
        _ = try await query("CREATE ROLE \(user) LOGIN")
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(user))
        } catch {
            result = .failure(error)
        }
        _ = try await query("DROP OWNED BY \(user) CASCADE")
        _ = try await query("DROP ROLE \(user)")
        try result.get()
    }
}

extension LedgerIdentity {
    static func sample(
        table: String = "public.t", dialect: String = "delimiter 0x2C\nquote 0x22",
        sources: [LedgerSource] = [.sample()]
    ) -> LedgerIdentity {
        LedgerIdentity(id: "sample's", table: table, dialect: dialect, sources: sources)
    }
}

extension LedgerSource {
    static func sample(
        _ path: String = "a.csv", size: Int? = 1_000,
        fingerprint: Digest128? = Digest128(high: 1, low: 2)
    ) -> LedgerSource {
        LedgerSource(path: path, size: size, fingerprint: fingerprint)
    }
}

extension LedgerBatch {
    /// Ten records, one in a line, one of them rejected and another skipped.
    static func sample(source: Int = 0, _ range: Range<Int>, firstRecord: Int = 1) -> LedgerBatch {
        var counts = ImportCounts()
        counts.recordsRead = 10
        counts.rowsLoaded = 8
        counts.rowsRejected = 1
        counts.rowsSkipped = 1
        counts.recordsRecovered = 2
        counts.linesPassed = 3
        counts.recordsMalformed = 1
        counts.rowsInBinary = 5
        counts.rowsInText = 4
        return LedgerBatch(
            source: source, range: range, firstRecord: firstRecord, records: 10,
            firstLine: firstRecord + 1, lines: 10, lastLine: firstRecord + 10,
            hash: Digest128(high: UInt64(range.lowerBound), low: .max), counts: counts)
    }
}

extension Ledger {
    /// A batch's transaction without rows.
    func commit(_ batch: LedgerBatch, epoch: Int, on connection: isolated Connection) throws {
        do {
            try check(connection.query("BEGIN; " + claim(epoch: epoch)))
            try insert(batch, on: connection)
            try connection.commit()
        } catch {
            connection.rollback()
            throw error
        }
    }
}
