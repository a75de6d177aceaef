import SluicePostgres

extension Ledger {
    /// The migrations in their order, as they lie in `sql/ledger`; the first is version 1.
    private static let migrations: [[UInt8]] = [PackageResources._01_ledger_sql]

    /// Makes the schema, or brings it up to date, if need be.
    ///
    /// Where it is complete nothing but a right to read it is needed.
    /// - Throws: `Failure`: `permission` if it is another user's, or may not be made; `data` if a
    ///   newer pgsluice has made it. `PostgresError`.
    static func install(on connection: isolated Connection) throws {
        guard try version(on: connection) ?? 0 < migrations.count else { return }
        try inTransaction(on: connection) {
            _ = try connection.query(
                "SELECT pg_catalog.pg_advisory_xact_lock(\(lockKey(of: "schema")))")
            let version = try version(on: connection) ?? 0
            for migration in migrations.dropFirst(version) {
                try migrate(migration, on: connection)
            }
            // Somebody may have been there first.
            _ = try self.version(on: connection)
        }
    }

    /// The number of migrations that the database has seen; 0 if they are incomplete.
    ///
    /// - Returns: nil if there is no schema.
    /// - Throws: as `install`.
    static func version(on connection: isolated Connection) throws -> Int? {
        let answer = try connection.query(schemaQuery)
        guard !answer.rows.isEmpty else { return nil }
        guard answer.text("is_trusted") == "t" else { throw distrust(of: answer.text("owner")) }
        guard answer.text("has_version") == "t" else { return 0 }
        let version = try connection.query(
            "SELECT coalesce(pg_catalog.max(version), 0) AS version FROM pgsluice.version"
        ).number("version")
        guard version <= migrations.count else {
            throw Failure(
                .data, "the ledger in the schema pgsluice is that of a newer pgsluice",
                advice: "take the newer one (its ledger has version \(version))")
        }
        return version
    }

    /// Who owns the schema, or a table in it, can make triggers that run as us.
    private static func distrust(of owner: String) -> Failure {
        Failure(
            .permission, "the schema pgsluice, or a table in it, is of the user \(owner)",
            advice: "it must be of the current user, the database's owner or a superuser: "
                + "have it dropped, or given to one of them")
    }

    private static func migrate(
        _ migration: [UInt8], on connection: isolated Connection
    ) throws {
        do throws(PostgresError) {
            _ = try connection.query(String(decoding: migration, as: UTF8.self))
        } catch {
            var failure = Failure(error)
            guard failure.code == .permission else { throw error }
            failure.advice =
                "the ledger of --resume needs a schema: have the database's owner run "
                + "psql -1 -f sql/ledger/001_ledger.sql, which says what to grant then"
            throw failure
        }
    }

    /// The owners of the schema and of what is in it, one that is not to be trusted first.
    private static let schemaQuery = """
        SELECT owners.oid = d.datdba OR owners.rolsuper
                OR owners.rolname IN (current_user, 'pg_database_owner') AS is_trusted,
            owners.rolname AS owner,
            EXISTS (
                SELECT FROM pg_catalog.pg_class c
                WHERE c.relnamespace = n.oid AND c.relname = 'version') AS has_version
        FROM pg_catalog.pg_namespace n
        JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
        JOIN pg_catalog.pg_roles owners
            ON owners.oid = n.nspowner OR owners.oid IN (
                SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid)
        WHERE n.nspname = 'pgsluice'
        ORDER BY is_trusted LIMIT 1
        """
}
