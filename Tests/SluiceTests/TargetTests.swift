import Glibc
import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// What a table can be, and what it can refuse.
@Suite(
    "Tables of all kinds", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: PrivateServer.isWanted))
struct TargetTests {
    // MARK: Kinds

    @Test func `rows that a trigger leaves out are skipped`() async throws {
        try await Server.withSchema(
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
        try await Server.withSchema(
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
        try await Server.withSchema(
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
        try await Server.withSchema(
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
        try await Server.withSchema("CREATE TABLE targets.t (id int, note text)") { server in
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
        try await Server.withSchema(
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
        try await Server.withSchema(
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
        try await Server.withSchema("CREATE TABLE targets.t (a int CHECK (a > 0), b text)") {
            server in
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
        try await Server.withSchema(
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
        try await Server.withSchema(
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
}
