import Sluice
import SluicePostgres
import SluiceTestSupport
import Testing

/// What a role must be allowed.
@Suite(
    "Rights on tables", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: PrivateServer.isWanted))
struct TargetRightsTests {
    /// Lends the server, and the name of a role that may do nothing yet.
    private func withRole(
        _ statements: String..., body: (Server, String) async throws -> Void
    ) async throws {
        try await Server.withSchema { server in
            try await server.query(
                """
                DO $$ BEGIN
                    IF to_regrole('targets_loader') IS NOT NULL THEN
                        DROP OWNED BY targets_loader; DROP ROLE targets_loader;
                    END IF;
                END $$
                """)
            try await server.query("CREATE ROLE targets_loader LOGIN")
            try await server.query("GRANT USAGE ON SCHEMA targets TO targets_loader")
            for statement in statements { try await server.query(statement) }
            try await body(server, "targets_loader")
            try await server.query("DROP OWNED BY targets_loader; DROP ROLE targets_loader")
        }
    }

    @Test func `the right to INSERT is enough`() async throws {
        try await withRole(
            "CREATE TABLE targets.t (id int, note text, secret text)",
            "GRANT INSERT (id, note) ON targets.t TO targets_loader"
        ) { server, role in
            let load = try await Load.run("id,note\n1,x\n", into: "targets.t") {
                $0.connection.user = role
            }
            #expect(load.error == nil && load.counts.rowsLoaded == 1)
            for header in ["id,secret", "secret,note"] {
                let refused = try await Load.run(header + "\n1,x\n", into: "targets.t") {
                    $0.connection.user = role
                }
                #expect(refused.code == .permission)
                #expect(refused.error?.message.contains("\"secret\"") == true)
            }
            let refused = try await Load.run("id,note\n1,x\n", into: "targets.t") {
                $0.connection.user = role
                $0.load.truncate = true
            }
            #expect(refused.code == .permission)
            #expect(try await server.value("SELECT count(*) FROM targets.t") == "1")
        }
    }

    @Test func `without rights on table or schema nothing is done`() async throws {
        try await withRole(
            "CREATE TABLE targets.t (id int)", "GRANT SELECT ON targets.t TO targets_loader"
        ) { server, role in
            let load = try await Load.run("id\n1\n", into: "targets.t") {
                $0.connection.user = role
            }
            #expect(load.code == .permission)
            #expect(load.error?.message.hasPrefix("permission denied for table t") == true)
            try await server.query("REVOKE USAGE ON SCHEMA targets FROM targets_loader")
            let other = try await Load.run("id\n1\n", into: "targets.t") {
                $0.connection.user = role
            }
            #expect(other.code == .permission)
            #expect(other.error?.server?.sqlState.code == "42501")
        }
    }

    @Test func `row-level security refuses those to whom it applies`() async throws {
        try await withRole(
            "CREATE TABLE targets.t (id int)", "GRANT ALL ON targets.t TO targets_loader",
            "ALTER TABLE targets.t ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY p ON targets.t USING (true)"
        ) { server, role in
            let load = try await Load.run("id\n1\n", into: "targets.t") {
                $0.connection.user = role
            }
            #expect(load.code == .data)
            #expect(load.error?.message == "COPY FROM not supported with row-level security")
            #expect(try await Load.run("id\n1\n", into: "targets.t").error == nil)
        }
    }

    @Test func `a session that only reads by default may load`() async throws {
        try await withRole(
            "CREATE TABLE targets.t (id int)",
            "GRANT INSERT, TRUNCATE ON targets.t TO targets_loader",
            "ALTER ROLE targets_loader SET default_transaction_read_only = on",
            "ALTER ROLE targets_loader SET default_transaction_isolation = 'serializable'",
            "ALTER ROLE targets_loader SET client_encoding = 'LATIN1'",
            "ALTER ROLE targets_loader SET standard_conforming_strings = off",
            "ALTER ROLE targets_loader SET search_path = ''"
        ) { server, role in
            let load = try await Load.run("id\n1\n", into: "targets.t") {
                $0.connection.user = role
                $0.load.truncate = true
            }
            #expect(load.error == nil && load.counts.rowsLoaded == 1)
        }
    }
}
