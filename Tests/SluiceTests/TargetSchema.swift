import SluiceTestSupport
import Testing

extension Server {
    /// Lends the server, with a schema of the test's own that `public` names stand before.
    static func withSchema(
        _ statements: String..., body: (Server) async throws -> Void
    ) async throws {
        try await Server.with { server in
            try await server.query("DROP SCHEMA IF EXISTS targets CASCADE; CREATE SCHEMA targets")
            for statement in statements { try await server.query(statement) }
            try await body(server)
            try await server.query("DROP SCHEMA targets CASCADE")
            #expect(try await server.hasNoImporters())
        }
    }
}
