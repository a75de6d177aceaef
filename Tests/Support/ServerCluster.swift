import Glibc

/// A PostgreSQL server of a test's own, to be restarted, crashed and promoted.
///
/// As durable as a server is that nobody has configured.
package final class ServerCluster: Sendable {
    package enum Stop: String, Sendable { case fast, immediate }

    /// Holds `data`, the socket and the log.
    package let folder: String
    package let port: UInt16

    private var data: String { folder + "/data" }
    private var log: String { folder + "/log" }

    private init(folder: String, port: UInt16) {
        self.folder = folder
        self.port = port
    }

    // MARK: Life

    /// Lends one that runs; afterwards it is gone.
    package static func with<Value>(
        _ settings: String..., in folder: String? = nil,
        _ body: (ServerCluster) async throws -> Value
    ) async throws -> Value {
        try await lend(in: folder) { cluster in
            try await cluster.initialize()
            try cluster.configure(settings)
            try await cluster.start()
            return try await body(cluster)
        }
    }

    /// Lends a standby of this one that has caught up; afterwards it is gone.
    package func withStandby<Value>(
        named name: String, _ body: (ServerCluster) async throws -> Value
    ) async throws -> Value {
        try await Self.lend(in: nil) { standby in
            try await copy(to: standby, named: name)
            try await standby.start()
            return try await body(standby)
        }
    }

    private static func lend<Value>(
        in folder: String?, _ body: (ServerCluster) async throws -> Value
    ) async throws -> Value {
        let folder = try folder ?? ServerPrograms.makeFolder()
        let cluster = ServerCluster(folder: folder, port: SocketAddress.freePort())
        let result: Result<Value, any Error>
        do { result = .success(try await body(cluster)) } catch { result = .failure(error) }
        try? await cluster.stop(.immediate)
        try await ServerPrograms.removeFolder(folder)
        return try result.get()
    }

    private func initialize() async throws {
        try await ServerPrograms.run(
            "initdb",
            ["-D", data, "-U", "postgres", "-A", "trust", "--locale=C", "--encoding=UTF8"]
                + ["--no-sync", "--no-instructions"])
        try configure([
            "listen_addresses = '127.0.0.1'", "unix_socket_directories = '\(folder)'",
            "port = \(port)", "timezone = 'UTC'", "shared_buffers = '64MB'",
        ])
    }

    private func copy(to standby: ServerCluster, named name: String) async throws {
        let source = "host=\(folder) port=\(port) user=postgres application_name=\(name)"
        try await ServerPrograms.run(
            "pg_basebackup",
            ["-D", standby.data, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", source])
        try standby.configure([
            "unix_socket_directories = '\(standby.folder)'", "port = \(standby.port)",
            "synchronous_standby_names = ''",
        ])
    }

    // MARK: What is done to it

    /// Adds lines to postgresql.conf, of which the last of a name counts; a start or `reload`
    /// makes them so.
    package func configure(_ lines: [String]) throws {
        let file = fopen(data + "/postgresql.conf", "ae")
        guard let file else { throw NotStarted(program: "postgresql.conf", code: errno) }
        for line in lines { fputs(line + "\n", file) }
        fclose(file)
    }

    package func reload() async throws {
        try await control("reload")
    }

    /// Ends when it takes connections.
    package func start() async throws {
        try await control("start", "-w", "-t", "60", "-l", log)
    }

    package func stop(_ how: Stop) async throws {
        try await control("stop", "-w", "-t", "60", "-m", how.rawValue)
    }

    /// Ends when it takes connections again.
    package func restart(_ how: Stop) async throws {
        try await control("restart", "-w", "-t", "60", "-m", how.rawValue, "-l", log)
    }

    /// Ends when the standby takes writes.
    package func promote() async throws {
        try await control("promote", "-w", "-t", "60")
    }

    private func control(_ arguments: String...) async throws {
        do {
            try await ServerPrograms.run("pg_ctl", ["-D", data] + arguments, within: .seconds(90))
        } catch let failure as ChildFailed {
            throw ClusterFailed(failure: failure, log: await logText())
        }
    }

    // MARK: Where it is

    /// Over the socket, as superuser.
    package var conninfo: String {
        "host=\(folder) port=\(port) user=postgres dbname=postgres"
    }

    package var conninfoOverTCP: String {
        "host=127.0.0.1 port=\(port) user=postgres dbname=postgres"
    }

    package var database: Database { Database(conninfo) }

    package var address: SocketAddress { .port(port) }

    /// The end of what the server has said.
    package func logText() async -> String {
        let end = try? await ChildProcess.run(["/usr/bin/tail", "-n", "40", log])
        return end?.output ?? ""
    }
}

/// A server did not do what it was told.
struct ClusterFailed: Error, CustomStringConvertible {
    let failure: ChildFailed
    let log: String

    var description: String { "\(failure)\n--- the server's log\n\(log)" }
}
