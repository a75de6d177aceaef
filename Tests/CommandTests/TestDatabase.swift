import Foundation
import Testing

/// A schema of a test's own on the private server of scripts/with-server.sh.
final class TestDatabase {
    let schema = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")

    static let environment = ProcessInfo.processInfo.environment

    static let canRun: Bool = {
        let isThere = environment["PGSLUICE_TEST_SERVER_DIR"] != nil
        if !isThere {
            FileHandle.standardError.write(
                Data("\n*** NO SERVER: ImportTests ARE SKIPPED: scripts/with-server.sh\n\n".utf8))
        }
        // Where nothing may be skipped, the tests run and fail.
        return isThere || environment["CI"] == "true"
    }()

    init() throws {
        try query("CREATE SCHEMA \(schema)")
    }

    deinit {
        _ = try? query("DROP SCHEMA \(schema) CASCADE")
    }

    /// Makes a table and answers its name with the schema.
    func table(_ name: String, _ columns: String) throws -> String {
        try query("CREATE TABLE \(schema).\(name) (\(columns))")
        return "\(schema).\(name)"
    }

    /// What psql prints without decoration.
    @discardableResult
    func query(_ sql: String) throws -> String { try Self.psql(["-c", sql]) }

    @discardableResult
    static func psql(
        _ arguments: [String], environment changes: [String: String] = [:]
    ) throws -> String {
        let folder = try #require(environment["PGSLUICE_TEST_PGBIN"], "no server to test with")
        let process = Process()
        process.executableURL = URL(filePath: folder).appending(component: "psql")
        process.arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"] + arguments
        process.environment = environment.merging(
            ["PGOPTIONS": "-c client_min_messages=warning"]) { $1 }.merging(changes) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "psql failed: \(arguments)")
        let text = String(decoding: output, as: UTF8.self)
        return String(text.hasSuffix("\n") ? text.dropLast() : text[...])
    }
}
