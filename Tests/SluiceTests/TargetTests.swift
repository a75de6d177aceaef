import Glibc
import Sluice
import SluiceCodec
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// What a table can be, and what it can refuse.
@Suite(
    "Tables of all kinds", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: PrivateServer.isWanted))
struct TargetTests {
    /// Lends the server, with a schema of the test's own that `public` names stand before.
    private func withSchema(
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

    /// Lends the server, and the name of a role that may do nothing yet.
    private func withRole(
        _ statements: String..., body: (Server, String) async throws -> Void
    ) async throws {
        try await withSchema { server in
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

    // MARK: Kinds

    @Test func `rows that a trigger leaves out are skipped`() async throws {
        try await withSchema(
            "CREATE TABLE targets.t (id int, note text)",
            """
            CREATE FUNCTION targets.f() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.id % 3 = 0 THEN RETURN NULL; END IF; RETURN NEW; END $$
            """,
            """
            CREATE TRIGGER g BEFORE INSERT ON targets.t
            FOR EACH ROW EXECUTE FUNCTION targets.f()
            """
        ) { server in
            // Every fourth value goes by the slow lane.
            let text = (1...3_000).map { "\($0 % 4 == 0 ? " " : "")\($0),x\n" }.joined()
            let load = try await Load.run("id,note\n" + text, into: "targets.t") {
                $0.load.batchBytes = .kibibytes(4)
            }
            #expect(load.error == nil)
            #expect(load.counts.rowsLoaded == 2_000 && load.counts.rowsSkipped == 1_000)
            #expect(try await server.value("SELECT count(*) FROM targets.t") == "2000")
        }
    }

    @Test func `a partitioned table routes rows, and names one that has no partition`() async throws
    {
        try await withSchema(
            "CREATE TABLE targets.t (id int, note text) PARTITION BY RANGE (id)",
            "CREATE TABLE targets.t1 PARTITION OF targets.t FOR VALUES FROM (0) TO (100)",
            "CREATE TABLE targets.t2 PARTITION OF targets.t FOR VALUES FROM (100) TO (200)"
        ) { server in
            let good = "id,note\n" + (0..<200).map { "\($0),x\n" }.joined()
            #expect(try await Load.run(good, into: "targets.t").counts.rowsLoaded == 200)
            #expect(try await server.value("SELECT count(*) FROM targets.t2") == "100")
            let load = try await Load.run(good + "200,y\n", into: "targets.t")
            #expect(load.code == .data && load.error?.server?.sqlState.code == "23514")
            #expect(load.error?.location?.line == 202)
            #expect(load.counts.addsUp && load.counts.rowsLoaded == 0)
        }
    }

    @Test func `a view loads by its INSTEAD OF trigger, and not without`() async throws {
        try await withSchema(
            "CREATE TABLE targets.t (id int, note text)",
            "CREATE VIEW targets.v AS SELECT * FROM targets.t",
            "CREATE VIEW targets.w AS SELECT * FROM targets.t",
            """
            CREATE FUNCTION targets.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.id = 2 THEN RETURN NULL; END IF;
                INSERT INTO targets.t VALUES (NEW.id * 10, NEW.note); RETURN NEW;
            END $$
            """,
            """
            CREATE TRIGGER g INSTEAD OF INSERT ON targets.v
            FOR EACH ROW EXECUTE FUNCTION targets.f()
            """
        ) { server in
            let text = "id,note\n1,a\n2,b\n3,c\n"
            let load = try await Load.run(text, into: "targets.v")
            // COPY counts what the trigger was given, and so do we.
            #expect(load.error == nil && load.counts.rowsLoaded == 3)
            #expect(try await server.value("SELECT sum(id) FROM targets.t") == "40")
            let refused = try await Load.run(text, into: "targets.w")
            #expect(refused.code == .data)
            #expect(refused.error?.message == "cannot copy to view \"w\"")
            #expect(refused.error?.advice?.contains("INSTEAD OF INSERT trigger") == true)
            #expect(refused.counts.recordsRead == 0)
        }
    }

    @Test func `what is no table is refused in the server's words`() async throws {
        try await withSchema(
            "CREATE MATERIALIZED VIEW targets.m AS SELECT 1 AS id",
            "CREATE SEQUENCE targets.s", "CREATE TYPE targets.c AS (id int)"
        ) { server in
            for (name, kind) in [
                ("m", "materialized view"), ("s", "sequence"), ("c", "non-table relation"),
            ] {
                let load = try await Load.run("id\n1\n", into: "targets.\(name)")
                #expect(load.code == .data)
                #expect(load.error?.message == "cannot copy to \(kind) \"\(name)\"")
            }
            for name in ["targets.nothing", "nowhere.t"] {
                let load = try await Load.run("id\n1\n", into: name)
                #expect(load.code == .data)
                #expect(load.error?.message.contains("does not exist") == true)
            }
        }
    }

    @Test func `a foreign table is loaded`() async throws {
        let (host, port) = (String(cString: getenv("PGHOST")), String(cString: getenv("PGPORT")))
        try await withSchema("CREATE TABLE targets.t (id int, note text)") { server in
            let extensions = "SELECT count(*) FROM pg_available_extensions WHERE name = '"
            guard try await server.value(extensions + "postgres_fdw'") == "1" else { return }
            try await server.query("CREATE EXTENSION postgres_fdw SCHEMA targets")
            try await server.query(
                """
                CREATE SERVER targets_self FOREIGN DATA WRAPPER postgres_fdw
                OPTIONS (host '\(host)', port '\(port)', dbname 'sluice')
                """)
            try await server.query(
                "CREATE USER MAPPING FOR CURRENT_USER SERVER targets_self OPTIONS (user 'postgres')"
            )
            try await server.query(
                """
                CREATE FOREIGN TABLE targets.f (id int, note text)
                SERVER targets_self OPTIONS (schema_name 'targets', table_name 't')
                """)
            let text = "id,note\n" + (1...500).map { "\($0),x\n" }.joined()
            let load = try await Load.run(text, into: "targets.f")
            #expect(load.error == nil && load.counts.rowsLoaded == 500)
            #expect(try await server.value("SELECT count(*) FROM targets.t") == "500")
        }
    }

    @Test func `odd names of tables and columns are no obstacle`() async throws {
        try await withSchema(
            "CREATE TABLE targets.\"a, line 9 \"\"x\"\"\" (\"id, line 7\" int, \"b\"\"c\\\" text)"
        ) { server in
            let table = "targets.\"a, line 9 \"\"x\"\"\""
            let header = "\"id, line 7\",\"b\"\"c\\\"\n"
            #expect(try await Load.run(header + "1,a\n2,b\n", into: table).error == nil)
            let load = try await Load.run(header + "1,a\n2,b\nx,c\n", into: table)
            #expect(load.error?.location?.line == 4)
            #expect(load.error?.location?.column == "id, line 7")
        }
    }

    // MARK: Columns and values

    @Test func `generated columns are left out, identity columns taken`() async throws {
        try await withSchema(
            """
            CREATE TABLE targets.t (
                id int GENERATED ALWAYS AS IDENTITY, a int,
                twice int GENERATED ALWAYS AS (a * 2) STORED, b text DEFAULT 'none')
            """
        ) { server in
            #expect(try await Load.run("id,a\n7,1\n", into: "targets.t").error == nil)
            #expect(try await Load.run("a\n5\n", into: "targets.t").error == nil)
            let byPosition = try await Load.run("9,3,x\n", into: "targets.t") {
                $0.csv.hasHeader = false
            }
            #expect(byPosition.error == nil)
            let sums = "SELECT concat_ws(' ', sum(id), sum(a), sum(twice)) FROM targets.t"
            #expect(try await server.value(sums) == "17 9 18")
            let load = try await Load.run("a,twice\n1,2\n", into: "targets.t")
            #expect(load.code == .data)
            #expect(load.error?.message == "column \"twice\" is a generated column")
        }
    }

    @Test(
        arguments: [
            ("x", "22P02", "a"), ("99999999999", "22003", "a"), ("-1", "23514", nil),
            ("\"\"", "22P02", "a"),
        ] as [(String, String, String?)])
    func `a refused value is named, in any batch and lane`(
        value: String, state: String, column: String?
    ) async throws {
        try await withSchema("CREATE TABLE targets.t (a int CHECK (a > 0), b text)") { server in
            // Lines of two kinds, so that the slow lane's COPY has other line numbers.
            for bad in [2, 3, 200, 399, 400] {
                let lines = (2...400).map { line in
                    line == bad ? "\(value),x\n" : "\(line % 5 == 0 ? " 5" : "\(line)"),x\n"
                }
                let load = try await Load.run("a,b\n" + lines.joined(), into: "targets.t") {
                    $0.load.batchBytes = .kibibytes(1)
                }
                #expect(load.code == .data && load.error?.server?.sqlState.code == state)
                #expect(load.error?.location?.line == bad)
                #expect(load.error?.location?.record == bad - 1)
                #expect(load.error?.location?.column == column)
                #expect(load.error?.record == "\(value),x")
                #expect(load.counts.addsUp)
                let count = try await server.value("SELECT count(*) FROM targets.t")
                #expect(count == "\(load.counts.rowsLoaded)")
                try await server.query("TRUNCATE targets.t")
            }
        }
    }

    @Test func `a domain that is NOT NULL refuses a NULL, by its line`() async throws {
        try await withSchema(
            "CREATE DOMAIN targets.must AS int NOT NULL CHECK (VALUE < 1000)",
            "CREATE TABLE targets.t (a targets.must, b text)"
        ) { server in
            for (value, state) in [("", "23502"), ("1000", "23514")] {
                let load = try await Load.run(
                    "a,b\n1,\"two\nlines\"\n\(value),x\n3,y\n", into: "targets.t")
                #expect(load.code == .data && load.error?.server?.sqlState.code == state)
                #expect(load.error?.location?.line == 4)
                #expect(load.counts.rowsLoaded == 0 && load.counts.addsUp)
            }
            #expect(try await server.value("SELECT count(*) FROM targets.t") == "0")
        }
    }

    @Test func `a deferred key that fails at COMMIT takes its batch along`() async throws {
        try await withSchema(
            "CREATE TABLE targets.p (id int PRIMARY KEY)",
            "INSERT INTO targets.p SELECT generate_series(1, 1000)",
            """
            CREATE TABLE targets.t (
                p int REFERENCES targets.p DEFERRABLE INITIALLY DEFERRED, note text)
            """
        ) { server in
            let lines = (1...1_000).map { "\($0),x\n" }.joined()
            let load = try await Load.run("p,note\n" + lines + "1001,x\n", into: "targets.t") {
                $0.load.batchBytes = .kibibytes(1)
                $0.load.jobs = 1
            }
            #expect(load.code == .data && load.error?.server?.sqlState.code == "23503")
            #expect(load.error?.message.contains("somewhere in lines ") == true)
            #expect(load.counts.addsUp && load.counts.rowsLoaded > 0)
            let count = try await server.value("SELECT count(*) FROM targets.t")
            #expect(count == "\(load.counts.rowsLoaded)")
            let last = try #require(load.report.committed.last)
            #expect(load.report.committed.count == 1)
            #expect(load.counts.rowsLoaded == last.lastLine - 1)
        }
    }

    // MARK: Rights

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

    // MARK: Meanwhile

    /// Feeds an import: half of the rows, then, when some are committed, `change`, then the rest.
    private func loading(
        _ server: Server, meanwhile change: String
    ) async throws -> (load: Load, committed: Int) {
        let (stream, feed) = AsyncStream<[UInt8]>.makeStream()
        let lines = Array((1...2_000).map { "\($0),x\n" }.joined().utf8)
        feed.yield(Array("id,note\n".utf8) + lines)
        async let load = Load.run(.bytes(stream, name: "feed"), into: "targets.t") {
            $0.load.batchBytes = .kibibytes(1)
        }
        let count = "SELECT count(*) FROM targets.t"
        var (committed, steady) = (0, 0)
        #expect(
            try await becomesTrue {
                let last = committed
                committed = Int(try await server.value(count) ?? "") ?? 0
                // The reader keeps what does not fill a batch; a slow server takes its time.
                steady = committed == last ? steady + 1 : 0
                return committed > 1_000 && steady == 10
            })
        try await server.query(change)
        feed.yield(lines)
        feed.finish()
        return (try await load, committed)
    }

    @Test func `a table that is replaced meanwhile is not loaded into`() async throws {
        try await withSchema("CREATE TABLE targets.t (id int, note text)") { server in
            let (load, committed) = try await loading(
                server,
                meanwhile: "DROP TABLE targets.t; CREATE TABLE targets.t (id int, note text)")
            #expect(load.code == .data)
            #expect(load.error?.message.contains("was replaced while it was loaded") == true)
            #expect(load.counts.addsUp && load.counts.rowsLoaded == committed)
            #expect(try await server.value("SELECT count(*) FROM targets.t") == "0")
        }
    }

    @Test func `a table that is dropped meanwhile ends the import`() async throws {
        try await withSchema("CREATE TABLE targets.t (id int, note text)") { server in
            let (load, committed) = try await loading(server, meanwhile: "DROP TABLE targets.t")
            #expect(load.code == .data && load.error?.server?.sqlState.code == "42P01")
            #expect(load.counts.addsUp && load.counts.rowsLoaded == committed)
        }
    }

    @Test func `a column that is dropped meanwhile ends the import`() async throws {
        try await withSchema("CREATE TABLE targets.t (id int, note text)") { server in
            let (load, committed) = try await loading(
                server, meanwhile: "ALTER TABLE targets.t DROP COLUMN note")
            #expect(load.code == .data && load.error?.server?.sqlState.code == "42703")
            #expect(load.counts.addsUp && load.counts.rowsLoaded == committed)
        }
    }

    @Test func `backends that are terminated meanwhile end the import as a lost server`()
        async throws
    {
        try await withSchema("CREATE TABLE targets.t (id int, note text)") { server in
            let (stream, feed) = AsyncStream<[UInt8]>.makeStream()
            let lines = Array((1...200_000).map { "\($0),x\n" }.joined().utf8)
            feed.yield(Array("id,note\n".utf8) + lines)
            async let run = Load.run(.bytes(stream, name: "feed"), into: "targets.t") {
                $0.load.batchBytes = .kibibytes(64)
            }
            let backends = """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = 'pgsluice' AND query LIKE '%COPY%'
                """
            #expect(try await becomesTrue { try await server.value(backends) != "0" })
            feed.yield(lines)
            feed.finish()
            let load = try await run
            // An idle connection that has gone is replaced in silence.
            if let error = load.error {
                #expect(error.code == .server)
                #expect(error.server?.sqlState.code == "57P01" || error.server == nil)
            }
            #expect(load.counts.addsUp)
            let count = try await server.value("SELECT count(*) FROM targets.t")
            #expect(count == "\(load.counts.rowsLoaded)")
        }
    }

    // MARK: Inputs

    @Test func `files may order their columns differently, and begin with a BOM`() async throws {
        let folder = TemporaryFolder()
        let paths = [
            folder.file("1", "a,b\n1,x\n2,x\n"), folder.file("2", "\u{FEFF}B,A\r\ny,3\r\n"),
            folder.file("3", "a\n"), folder.file("4", ""), folder.file("5", "a\n4"),
        ]
        try await withSchema("CREATE TABLE targets.t (a int, b text)") { server in
            let load = try await Load.run(.files(paths), into: "targets.t")
            #expect(load.error == nil && load.counts.rowsLoaded == 4)
            let all = "SELECT string_agg(a || coalesce(b, '-'), ' ' ORDER BY a) FROM targets.t"
            #expect(try await server.value(all) == "1x 2x 3y 4-")
            #expect(load.report.files.map(\.counts.recordsRead) == [2, 1, 0, 0, 1])
            #expect(load.report.files.allSatisfy { $0.status == .completed })
        }
    }

    @Test func `a file that fails is told apart from those that are done`() async throws {
        let folder = TemporaryFolder()
        let paths = [
            folder.file("1", "a\n1\n"), folder.file("2", "a\n2\n3\nx\n"),
            folder.file("3", "a\n4\n"),
        ]
        try await withSchema("CREATE TABLE targets.t (a int)") { server in
            let load = try await Load.run(.files(paths), into: "targets.t") { $0.load.jobs = 1 }
            #expect(load.error?.location?.file == paths[1])
            #expect(load.error?.location?.line == 4 && load.error?.location?.record == 3)
            #expect(load.report.files[0].status == .completed)
            #expect(load.report.files[1].status == .failed)
            #expect(load.counts.addsUp && load.counts.rowsLoaded == 1)
            #expect(try await server.value("SELECT count(*) FROM targets.t") == "1")
        }
    }

    @Test(arguments: [1, 3]) func `a malformed record stops all workers`(jobs: Int) async throws {
        try await withSchema("CREATE TABLE targets.t (a int, b text)") { server in
            let lines = (1...50_000).map { "\($0),x\n" }.joined()
            let load = try await Load.run("a,b\n" + lines + "1,2,3\n" + lines, into: "targets.t") {
                $0.load.jobs = jobs
                $0.load.batchBytes = .kibibytes(16)
            }
            #expect(load.code == .data && load.error?.location?.line == 50_002)
            #expect(load.error?.server == nil && load.counts.addsUp)
            #expect(load.counts.recordsRead == 50_001)
            let count = try await server.value("SELECT count(*) FROM targets.t")
            #expect(count == "\(load.counts.rowsLoaded)")
        }
    }

    /// Its reader waits in `poll` and must be woken.
    @Test func `a refused value ends an import whose FIFO has fallen silent`() async throws {
        let folder = TemporaryFolder()
        let fifo = folder.fifo("fifo")
        let writer = Writer(fifo)
        try await withSchema("CREATE TABLE targets.t (a int)") { server in
            async let run = Load.run(.files([fifo]), into: "targets.t") {
                $0.load.batchBytes = .kibibytes(1)
            }
            writer.write("a\n1\nx\n" + String(repeating: "3\n", count: 1_000))
            let load = try await run
            #expect(load.code == .data && load.error?.location?.line == 3)
            #expect(load.counts.addsUp)
        }
        writer.leave()
    }

    @Test func `the committed ranges reach to a last line without an end`() async throws {
        try await withSchema("CREATE TABLE targets.t (a int)") { server in
            let folder = TemporaryFolder()
            let paths = [folder.file("1", "a\n1\n2"), folder.file("2", "a\n3\nx\n")]
            let load = try await Load.run(.files(paths), into: "targets.t") { $0.load.jobs = 1 }
            let committed = try #require(load.report.committed.first)
            #expect(committed.firstLine == 2 && committed.lastLine == 3)
            #expect(committed.firstByte == 2 && committed.endByte == 5)
        }
    }

    // MARK: TRUNCATE

    @Test(arguments: [
        ("a,b\n1,x\n", true, true, 1), ("a,b\n", true, true, 0),
        ("a,c\n1,x\n", true, false, 1), ("a,b\n1,x,3\n", true, false, 1),
        ("a,b\n1,\"x\n", true, false, 1), ("\u{1F}\u{8B}", true, false, 1),
        ("", true, false, 1), ("\n\n", true, false, 1), ("", false, false, 1),
        ("\n\n# x\n", false, false, 1), ("1,x\n", false, true, 1), ("1\n", false, false, 1),
    ])
    func `the table is emptied only for an input that can be loaded`(
        text: String, hasHeader: Bool, loads: Bool, count: Int
    ) async throws {
        try await withSchema(
            "CREATE TABLE targets.t (a int, b text)", "INSERT INTO targets.t VALUES (7, 'old')"
        ) { server in
            let load = try await Load.run(text, into: "targets.t") {
                $0.csv.hasHeader = hasHeader
                $0.csv.dialect.comment = UInt8(ascii: "#")
                $0.load.truncate = true
            }
            #expect((load.error == nil) == loads)
            if !loads { #expect(load.code == .data) }
            #expect(try await server.value("SELECT count(*) FROM targets.t") == "\(count)")
            let old = try await server.value("SELECT count(*) FROM targets.t WHERE a = 7")
            #expect(old == (loads ? "0" : "1"))
        }
    }

    @Test func `a dry run empties nothing`() async throws {
        try await withSchema(
            "CREATE TABLE targets.t (a int)", "INSERT INTO targets.t VALUES (7)"
        ) { server in
            let load = try await Load.run("a\n1\n2\n", into: "targets.t") {
                $0.load.truncate = true
                $0.load.dryRun = true
            }
            #expect(load.error == nil && load.counts.recordsUnloaded == 2)
            #expect(try await server.value("SELECT sum(a) FROM targets.t") == "7")
        }
    }

    @Test func `TRUNCATE waits for its lock no longer than it may`() async throws {
        try await withSchema(
            "CREATE TABLE targets.t (a int)", "INSERT INTO targets.t VALUES (7)"
        ) { server in
            try await Server.with { holder in
                try await holder.holding("LOCK TABLE targets.t IN ACCESS SHARE MODE") {
                    let start = ContinuousClock.now
                    let load = try await Load.run("a\n1\n", into: "targets.t") {
                        $0.load.truncate = true
                        $0.load.lockTimeout = .milliseconds(200)
                    }
                    #expect(ContinuousClock.now - start < .seconds(5))
                    #expect(load.code == .server)
                    #expect(load.error?.server?.sqlState.code == "55P03")
                    #expect(load.counts.addsUp && load.counts.rowsLoaded == 0)
                }
            }
            #expect(try await server.value("SELECT sum(a) FROM targets.t") == "7")
        }
    }

    /// Its one connection is the one that loads, too.
    @Test(.timeLimit(.minutes(1)), arguments: [1, 2])
    func `a table that references itself is emptied and loaded`(jobs: Int) async throws {
        try await withSchema(
            "CREATE TABLE targets.t (a int PRIMARY KEY, up int REFERENCES targets.t)",
            "INSERT INTO targets.t VALUES (7, 7)"
        ) { server in
            let (stream, feed) = AsyncStream<[UInt8]>.makeStream()
            let load = Task {
                try await Load.run(.bytes(stream, name: "feed"), into: "targets.t") {
                    $0.load.truncate = true
                    $0.load.jobs = jobs
                }
            }
            // The worker is there first.
            try await Task.sleep(for: .milliseconds(200))
            feed.yield(Array("a,up\n1,2\n2,\n".utf8))
            feed.finish()
            let hangs = Task {
                try await Task.sleep(for: .seconds(20))
                load.cancel()
            }
            let ended = try await load.value
            hangs.cancel()
            #expect(ended.error == nil && ended.counts.rowsLoaded == 2)
            #expect(try await server.value("SELECT count(*) FROM targets.t") == "2")
        }
    }

    @Test func `a table that others refer to is not emptied`() async throws {
        try await withSchema(
            "CREATE TABLE targets.t (a int PRIMARY KEY)", "INSERT INTO targets.t VALUES (7)",
            "CREATE TABLE targets.u (a int REFERENCES targets.t)"
        ) { server in
            let load = try await Load.run("a\n1\n", into: "targets.t") { $0.load.truncate = true }
            #expect(load.code == .data && load.error?.server?.sqlState.code == "0A000")
            #expect(try await server.value("SELECT sum(a) FROM targets.t") == "7")
        }
    }
}
