import Glibc
import SluicePostgres
import SluiceTestSupport
import Testing

/// The proxy before a real server, with psql and libpq as its clients.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: PrivateServer.isWanted, "PGSLUICE_TEST_SERVER_DIR is unset"))
struct FaultProxyTests {
    private func withProxy(_ body: (FaultProxy, Database) async throws -> Void) async throws {
        try await FaultProxy.with(PrivateServer.address) { proxy in
            try await body(
                proxy, Database("host=127.0.0.1 port=\(proxy.port) user=postgres dbname=sluice"))
        }
    }

    @Test func `what passes is what was said, and is in the trace`() async throws {
        try await withProxy { proxy, database in
            #expect(try await database.query("SELECT 'a' || 'b'") == "ab")
            // psql ends before the proxy has read its last word.
            #expect(await becomesTrue { proxy.trace.last?.kind == .typed("X") })
            let trace = proxy.trace
            #expect(trace.first?.kind == .startup)
            let query = try #require(trace.first { $0.kind == .typed("Q") })
            #expect(query.direction == .toServer)
            #expect(query.description == #"#1 → Q 23: SELECT 'a' || 'b'\x00"#)
            #expect(trace.contains { $0.kind == .typed("D") && $0.direction == .toClient })
            #expect(proxy.struck.isEmpty)
        }
    }

    @Test(arguments: [SocketAddress.path(""), .port(0)])
    func `both kinds of address lead to the server`(kind: SocketAddress) async throws {
        let address: SocketAddress
        if case .path = kind {
            address = try PrivateServer.socket
        } else {
            address = try PrivateServer.address
        }
        try await FaultProxy.with(address) { proxy in
            let database = Database(
                "host=127.0.0.1 port=\(proxy.port) user=postgres dbname=sluice")
            let answer = try await database.query("SELECT 1")
            #expect(answer == "1")
        }
    }

    @Test func `large messages pass unharmed, in both directions`() async throws {
        try await withProxy { proxy, database in
            let sql =
                "SELECT md5(repeat('x', 3000000)), length('\(String(repeating: "y", count: 100_000))')"
            let direct = try await Database.privateServer.query(sql)
            #expect(try await database.query(sql) == direct)
            let long = try await database.query("SELECT repeat('z', 3000000)")
            #expect(long == String(repeating: "z", count: 3_000_000))
        }
    }

    @Test(
        arguments: [Fault.Action.cut, .reset, .stall(keepsServer: false)], Fault.Moment.allCases)
    func `a fault at a query ends it, once`(
        action: Fault.Action, moment: Fault.Moment
    ) async throws {
        try await withProxy { proxy, database in
            proxy.arm(Fault(action, moment, MessagePattern(.toServer, "Q", containing: "4711")))
            async let failed = database.attempt("SELECT 4711 FROM pg_sleep(0.1)")
            #expect(await becomesTrue { proxy.struck.count == 1 })
            if case .stall = action { proxy.cutAll() }
            let end = try await failed
            #expect(end.status == 2, "\(end)")
            #expect(try await database.query("SELECT 4711") == "4711")
        }
    }

    @Test func `a lost answer to COMMIT leaves the row; a lost COMMIT does not`() async throws {
        let table = "proxy_\(UInt32.random(in: 0 ... .max))"
        try await Database.privateServer.query("CREATE TABLE \(table) (a int)")
        try await withProxy { proxy, database in
            let sql = "INSERT INTO \(table) VALUES (1)"
            proxy.arm(Fault(.cut, .before, .committed))
            let unanswered = try await database.commit(sql)
            #expect(unanswered.status != 0)
            #expect(proxy.struck.map(\.description) == [#"#1 ← C 12: COMMIT\x00"#])
            #expect(try await Database.privateServer.query("SELECT sum(a) FROM \(table)") == "1")
            proxy.arm(Fault(.cut, .before, .commit))
            #expect(try await database.commit(sql).status != 0)
            #expect(try await Database.privateServer.query("SELECT sum(a) FROM \(table)") == "1")
        }
        try await Database.privateServer.query("DROP TABLE \(table)")
    }

    @Test func `a stalled connection keeps its backend where it is told to`() async throws {
        try await withProxy { proxy, database in
            for keepsServer in [true, false] {
                let name = "stalled_\(keepsServer)"
                proxy.arm(
                    Fault(
                        .stall(keepsServer: keepsServer), .before,
                        MessagePattern(.toServer, "Q", containing: "4711")))
                let client = try Database(database.conninfo + " application_name=\(name)").start(
                    "SELECT 4711")
                #expect(await becomesTrue { proxy.struck.count == 1 })
                client.send(SIGKILL)
                _ = await client.end()
                let isGone = try await becomesTrue(within: .seconds(keepsServer ? 1 : 5)) {
                    try await Database.privateServer.backends(named: name) == 0
                }
                #expect(isGone == !keepsServer)
                proxy.cutAll()
                let isLetGo = try await becomesTrue {
                    try await Database.privateServer.backends(named: name) == 0
                }
                #expect(isLetGo)
            }
        }
    }

    @Test func `a delay holds a message up`() async throws {
        try await withProxy { proxy, database in
            proxy.arm(
                Fault(.delay(.milliseconds(400)), .before, MessagePattern(.toServer, "Q")))
            let time = try await ContinuousClock().measure {
                _ = try await database.query("SELECT 1")
            }
            #expect(time > .milliseconds(400))
        }
    }

    @Test func `a request to cancel is passed on`() async throws {
        try await withProxy { proxy, database in
            let client = try database.start("SELECT pg_sleep(60)")
            #expect(await becomesTrue { proxy.trace.contains { $0.kind == .typed("Q") } })
            client.send(SIGINT)
            let end = await client.end()
            #expect(end.error.contains("canceling statement due to user request"), "\(end)")
            #expect(proxy.trace.contains { $0.kind == .cancel })
        }
    }

    @Test func `faults count overall or in each connection, and strike so often`() async throws {
        try await withProxy { proxy, database in
            let query = MessagePattern(.toServer, "Q")
            proxy.arm(Fault(.cut, .before, query, number: 2))
            let first = try await database.attempt("SELECT 1")
            #expect(first.status == 0)
            #expect(try await database.attempt("SELECT 1").status != 0)
            #expect(try await database.attempt("SELECT 1").status == 0)
            proxy.arm(Fault(.cut, .before, query, counting: .inEachConnection, times: 2))
            #expect(try await database.attempt("SELECT 1").status != 0)
            #expect(try await database.attempt("SELECT 1").status != 0)
            #expect(try await database.attempt("SELECT 1").status == 0)
            #expect(proxy.struck.count == 2)
        }
    }

    @Test func `without a server behind it a connection is closed`() async throws {
        try await FaultProxy.with(.port(SocketAddress.freePort())) { proxy in
            let database = Database("host=127.0.0.1 port=\(proxy.port) user=postgres")
            let end = try await database.attempt("SELECT 1")
            #expect(end.status == 2)
        }
    }
}

extension Database {
    fileprivate func commit(_ sql: String) async throws -> ChildEnd {
        try await attempt("BEGIN; \(sql); COMMIT")
    }
}
