import Glibc

/// PgBouncer in transaction mode before a server.
package struct PgBouncer: Sendable {
    package let port: UInt16

    private static let program: String? = {
        let paths: [String] = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
        return paths.first { access($0, X_OK) == 0 }
    }()

    /// Whether it is installed, or must be; tells loudly when it is not.
    package static let isWanted = LoudSkip.isWanted(
        program != nil, "NO PGBOUNCER: ITS TESTS ARE SKIPPED: scripts/prerequisites.sh --tests")

    /// As the superuser, who needs no password.
    package func conninfo(database: String) -> String {
        "host=127.0.0.1 port=\(port) user=postgres dbname=\(database)"
    }

    /// Lends one that runs; afterwards it is gone.
    package static func with<Value>(
        before server: UInt16, _ body: (PgBouncer) async throws -> Value
    ) async throws -> Value {
        guard let program else { throw NotStarted(program: "pgbouncer", code: ENOENT) }
        let folder = try ServerPrograms.makeFolder()
        let bouncer = PgBouncer(port: SocketAddress.freePort())
        try bouncer.configure(folder, server: server)
        let process = try ChildProcess(
            ServerPrograms.owned([program, folder + "/pgbouncer.ini"]),
            environment: Environment.withoutServer)
        let result: Result<Value, any Error>
        do {
            try await bouncer.awaitStart(process)
            result = .success(try await body(bouncer))
        } catch {
            result = .failure(error)
        }
        process.send(SIGTERM)
        _ = await process.end(within: .seconds(5))
        try await ServerPrograms.removeFolder(folder)
        return try result.get()
    }

    private func configure(_ folder: String, server: UInt16) throws {
        try write("\"postgres\" \"\"\n", to: folder + "/users")
        try write(
            """
            [databases]
            * = host=127.0.0.1 port=\(server)
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            pidfile = \(folder)/pooler.pid
            auth_type = trust
            auth_file = \(folder)/users
            admin_users = postgres
            pool_mode = transaction
            default_pool_size = 8
            max_client_conn = 50

            """, to: folder + "/pgbouncer.ini")
    }

    private func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "we") else { throw NotStarted(program: path, code: errno) }
        fputs(text, file)
        fclose(file)
    }

    private func awaitStart(_ process: ChildProcess) async throws {
        let address = SocketAddress.port(port)
        let hasStarted = await becomesTrue {
            guard let socket = address.connect() else { return false }
            close(socket)
            return true
        }
        guard !hasStarted else { return }
        process.send(SIGTERM)
        throw ChildFailed(await process.end(within: .seconds(5)))
    }
}
