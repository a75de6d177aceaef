import SluiceTestSupport
import Testing

@Suite(
    .serialized, .timeLimit(.minutes(3)),
    .enabled(if: PrivateServer.isWanted, "PGSLUICE_TEST_SERVER_DIR is unset"))
struct ServerClusterTests {
    @Test func `a server keeps what it committed when it is crashed, and comes back`() async throws
    {
        try await ServerCluster.with("max_connections = 7") { cluster in
            let database = cluster.database
            #expect(try await database.query("SHOW max_connections") == "7")
            #expect(try await database.query("SHOW fsync") == "on")
            try await database.query("CREATE TABLE t AS SELECT 1 AS a")
            try await cluster.restart(.immediate)
            #expect(try await database.query("SELECT a FROM t") == "1")
            try await cluster.stop(.immediate)
            #expect(try await !database.isReachable)
            try await cluster.start()
            let overTCP = Database(cluster.conninfoOverTCP)
            #expect(try await overTCP.query("SELECT a FROM t") == "1")
        }
    }

    @Test func `a synchronous standby has all that was committed, and is promoted`() async throws {
        try await ServerCluster.with("synchronous_standby_names = 'second'") { primary in
            try await primary.withStandby(named: "second") { standby in
                try await primary.database.query("CREATE TABLE t AS SELECT 1 AS a")
                #expect(try await standby.database.query("SELECT pg_is_in_recovery()") == "t")
                try await primary.stop(.immediate)
                try await standby.promote()
                #expect(try await standby.database.query("SELECT a FROM t") == "1")
                try await standby.database.query("INSERT INTO t VALUES (2)")
            }
        }
    }

    @Test(.enabled(if: PgBouncer.isWanted, "there is no pgbouncer"))
    func `PgBouncer lends a connection for one transaction`() async throws {
        let server = try PrivateServer.port
        try await PgBouncer.with(before: server) { bouncer in
            let database = Database(bouncer.conninfo(database: "sluice"))
            #expect(try await database.query("SELECT 1") == "1")
            let mode = try await Database(bouncer.conninfo(database: "pgbouncer"))
                .query("SHOW CONFIG")
            #expect(mode.contains("pool_mode|transaction"))
        }
    }

    @Test(.enabled(if: SmallDisk.canMount, "none may be mounted"))
    func `a small disk is full, and then not`() async throws {
        let database = Database.privateServer
        try await SmallDisk.with(megabytes: 16) { disk in
            try await database.query("CREATE TABLESPACE small LOCATION '\(disk.folder)'")
            try await database.query("CREATE TABLE small_disk (a text) TABLESPACE small")
            disk.fill()
            let fill = "INSERT INTO small_disk SELECT repeat('x', 1000) FROM generate_series(1, 99)"
            let refused = try await database.attempt(fill)
            #expect(refused.status != 0)
            #expect(refused.error.contains("No space left on device"), "\(refused)")
            disk.clear()
            try await database.query(fill)
            try await database.query("DROP TABLE small_disk")
            try await database.query("DROP TABLESPACE small")
        }
    }
}
