import Glibc
import SluiceCore
import SluicePostgres

/// What `--resume` knows: in the schema `pgsluice` of the target's database, which batches of an
/// import are in the table.
///
/// A batch's row is inserted by the transaction that loads the batch, so that both are there or
/// neither. One run at a time owns an import: it holds the latest *epoch*, which each batch's
/// transaction asks for under a shared advisory lock; who takes the import over raises it under the
/// exclusive one, so that no older transaction is under way then, and none comes after.
struct Ledger: Sendable {
    let identity: LedgerIdentity
    /// How long a transaction waits for those that hold the import.
    var lockTimeout = Ledger.patience

    var id: String { identity.id }

    static let patience = Duration.seconds(10)
}

// MARK: Transactions

extension Ledger {
    /// One transaction in which nobody else has a batch of this import under way.
    ///
    /// - Throws: `Failure` of the code `taken` if somebody has, for too long; what `body` throws.
    func owning<Value>(
        on connection: isolated Connection, _ body: () throws -> Value
    ) throws -> Value {
        try Self.inTransaction(lockTimeout: lockTimeout, on: connection) {
            try lockExclusively(on: connection)
            return try body()
        }
    }

    private func lockExclusively(on connection: isolated Connection) throws {
        do throws(PostgresError) {
            _ = try connection.query("SELECT pg_catalog.pg_advisory_xact_lock(\(lockKey))")
        } catch {
            guard error.sqlState == .lockNotAvailable else { throw error }
            throw Failure(
                .taken, "another run of import \(id) is at work",
                advice: "wait for its end, or stop it: pgsluice status --stop \(id)")
        }
    }

    /// One transaction that waits for no lock for ever; its COMMIT waits for the disk, whatever the
    /// session's settings are.
    static func inTransaction<Value>(
        lockTimeout: Duration = patience, on connection: isolated Connection,
        _ body: () throws -> Value
    ) throws -> Value {
        do {
            _ = try connection.query(
                """
                BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
                SET LOCAL lock_timeout = \(lockTimeout.milliseconds); \
                SELECT pg_catalog.set_config('synchronous_commit', 'on', true) \
                WHERE pg_catalog.current_setting('synchronous_commit') = 'off'
                """)
            let value = try body()
            try connection.commit()
            return value
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// Of the import's advisory lock: a function of its id that never changes.
    var lockKey: Int64 { Self.lockKey(of: "import " + id) }

    static func lockKey(of name: String) -> Int64 {
        var text = "pgsluice " + name
        return Int64(bitPattern: text.withUTF8 { Digest128(of: UnsafeRawBufferPointer($0)).high })
    }

    /// Whose import it is now.
    var takenFailure: Failure {
        Failure(
            .taken,
            "import \(id) is no longer this run's: another has taken it over, or it was "
                + "forgotten")
    }
}

extension Duration {
    /// Whole ones, as the server's timeouts are given.
    var milliseconds: Int { Int(self / .milliseconds(1)) }
}

/// The process that owns an import, for people.
enum LedgerProcess {
    static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    }

    static var pid: Int { Int(getpid()) }
}
