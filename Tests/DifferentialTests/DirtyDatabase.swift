import SluicePostgres
import Testing

/// A database of a kind that the tests' own is not, with a role of its own.
struct DirtyDatabase: Sendable, CustomTestStringConvertible {
    let name: String
    let options: String
    /// Run in it, as a superuser.
    var preparation = "SELECT"

    var testDescription: String { name }

    static let all = [
        DirtyDatabase(name: "dirty_latin1", options: "ENCODING 'LATIN1' LOCALE 'C'"),
        DirtyDatabase(name: "dirty_ascii", options: "ENCODING 'SQL_ASCII' LOCALE 'C'"),
        DirtyDatabase(
            name: "dirty_bare", options: "ENCODING 'UTF8' LOCALE 'C'",
            preparation: "REVOKE TEMP ON DATABASE dirty_bare FROM PUBLIC"),
    ]

    /// Lends a schema in it, to a role that is no superuser.
    func with(_ body: (Scratch) async throws -> Void) async throws {
        try await Scratch.with("dirty") { scratch in
            for statement in made { try await scratch.query(statement) }
            try await Scratch.with("s", ConnectionParameters(dbname: name)) {
                try await $0.query(preparation)
            }
            let parameters = ConnectionParameters(dbname: name, user: role)
            try await Scratch.with("dirty", parameters, body)
            for statement in removed { try await scratch.query(statement) }
        }
    }

    private var role: String { name + "_loader" }

    private var removed: [String] {
        ["DROP DATABASE IF EXISTS \(name)", "DROP ROLE IF EXISTS \(role)"]
    }

    private var made: [String] {
        removed + [
            "CREATE ROLE \(role) LOGIN",
            "CREATE DATABASE \(name) TEMPLATE template0 \(options)",
            "GRANT CREATE ON DATABASE \(name) TO \(role)",
        ]
    }
}
