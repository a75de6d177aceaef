import Glibc
import Testing

@testable import SluicePostgres

/// The private server of scripts/with-server.sh.
enum TestServer {
    static let folder = environment("PGSLUICE_TEST_SERVER_DIR")
    /// Where nothing may be skipped, the tests run and fail.
    static let mustBePresent = environment("CI") == "true"

    /// Over the Unix socket, as superuser.
    static var parameters: ConnectionParameters {
        get throws {
            _ = try #require(folder, "PGSLUICE_TEST_SERVER_DIR is unset: no server to test with")
            return ConnectionParameters()
        }
    }

    /// Over TCP, with `more` to override.
    static func overTCP(_ more: String) throws -> ConnectionParameters {
        let port = try #require(environment("PGSLUICE_TEST_TCP_PORT"))
        return ConnectionParameters(dbname: "host=localhost port=\(port) dbname=sluice \(more)")
    }

    static let canRun: Bool = {
        if folder == nil, !mustBePresent {
            let text =
                "\n*** NO SERVER: ALL TESTS THAT NEED ONE ARE SKIPPED: scripts/with-server.sh\n\n"
            _ = write(STDERR_FILENO, text, text.utf8.count)
        }
        return folder != nil || mustBePresent
    }()
}

func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}

/// All tests against the server: one after the other, as some of them measure.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: TestServer.canRun, "PGSLUICE_TEST_SERVER_DIR is unset"))
struct ServerTests {}

/// Lends a connection that is opened before and closed after.
func withConnection<Value: Sendable>(
    _ parameters: ConnectionParameters? = nil, stallTimeout: Duration? = nil,
    onNotice: @escaping @Sendable (ServerDiagnostics) -> Void = { _ in },
    _ body: @Sendable (isolated Connection) async throws -> Value
) async throws -> Value {
    let connection = try Connection(
        parameters ?? TestServer.parameters, stallTimeout: stallTimeout, onNotice: onNotice)
    let result: Result<Value, any Error>
    do {
        try await connection.open()
        result = .success(try await body(connection))
    } catch {
        result = .failure(error)
    }
    await connection.close()
    return try result.get()
}

/// What it throws, which must be a `PostgresError`.
func failure(_ body: () async throws -> Void) async throws -> PostgresError {
    do {
        try await body()
    } catch let error as PostgresError {
        return error
    }
    throw NothingThrown()
}

struct NothingThrown: Error {}

extension PostgresError {
    var diagnostics: ServerDiagnostics? {
        if case .server(let diagnostics) = self { diagnostics } else { nil }
    }
}

extension Connection {
    func put(_ text: String) throws {
        try Array(text.utf8).withUnsafeBytes { bytes in try put(bytes) }
    }

    /// Runs `SELECT` of one value.
    func value(_ sql: String) throws -> String? {
        try query(sql).rows[0][0]
    }
}

/// Asks until it is so, for at most ten seconds.
func eventually(_ isSo: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
        if try await isSo() { return true }
        try await Task.sleep(for: .milliseconds(20))
    }
    return false
}

/// Whether the server still has the process.
func hasBackend(_ pid: Int32) async throws -> Bool {
    try await withConnection { connection in
        try connection.value("SELECT count(*) FROM pg_stat_activity WHERE pid = \(pid)") != "0"
    }
}

/// Runs `body` on the connection, and interrupts it meanwhile.
func interrupting(
    _ connection: isolated Connection, after duration: Duration,
    _ body: () async throws -> Void
) async throws {
    async let interruption: Void = interrupt(connection, after: duration)
    try await body()
    try await interruption
}

@concurrent
private func interrupt(_ connection: Connection, after duration: Duration) async throws {
    try await Task.sleep(for: duration)
    connection.interrupt()
}
