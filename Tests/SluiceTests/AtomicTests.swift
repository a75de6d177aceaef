import Sluice
import SluiceCore
import SluiceTestSupport
import Testing

/// All or nothing: what is staged moves into the table in one transaction.
@Suite(
    "Atomic", .serialized, .timeLimit(.minutes(3)), .enabled(if: PrivateServer.isWanted))
struct AtomicTests {
    private static func numbers(_ range: ClosedRange<Int>) -> String {
        "id,note\n" + range.map { "\($0),note \($0)\n" }.joined()
    }

    @Test(arguments: [true, false])
    func `all rows come, in either lane, and the staging tables go`(isBinary: Bool) async throws {
        try await AtomicTable.with("(id int PRIMARY KEY, note text)") { table in
            let load = try await table.load(Self.numbers(1...5_000)) {
                $0.load.usesBinaryLane = isBinary
            }
            #expect(load.error == nil)
            #expect(load.counts.rowsLoaded == 5_000)
            #expect(load.counts.rowsInBinary == (isBinary ? 5_000 : 0))
            #expect(load.counts.rowsInText == (isBinary ? 0 : 5_000))
            #expect(load.counts.batches > 10)
            #expect(load.counts.addsUp)
            let wrong = try await table.rows(
                "SELECT count(*) FROM \(table.name) WHERE note IS DISTINCT FROM 'note ' || id")
            #expect(wrong == "0")
            #expect(try await table.count() == 5_000)
            try await table.expectClean()
        }
    }

    @Test func `a record that is not sure goes in text`() async throws {
        try await AtomicTable.with("(id int, note text)") { table in
            let load = try await table.load("id,note\n1,a\n 2 ,b\n3,\"c\nd\"\n")
            #expect(load.error == nil)
            #expect(load.counts.rowsInText == 1)
            let rows = try await table.rows("SELECT id, note FROM \(table.name) ORDER BY id")
            #expect(rows == "1,a;2,b;3,c\nd")
        }
    }

    @Test func `several files with headers of their own`() async throws {
        try await AtomicTable.with("(id int, note text, at date)") { table in
            let files = [
                table.folder.file("a.csv", "id,note\n1,a\n2,b\n"),
                table.folder.file("b.csv", "at,id\n2026-01-02,3\n"),
                table.folder.file("c.csv", "note,at\n"),
                table.folder.file("d.csv", ""),
            ]
            let load = try await table.load(files)
            #expect(load.error == nil)
            #expect(load.report.files.map(\.counts.rowsLoaded) == [2, 1, 0, 0])
            let rows = try await table.rows("SELECT * FROM \(table.name) ORDER BY id")
            #expect(rows == "1,a,NULL;2,b,NULL;3,NULL,2026-01-02")
            try await table.expectClean()
        }
    }

    @Test func `a stream, and nothing at all`() async throws {
        try await AtomicTable.with("(id int, note text)") { table in
            let bytes = Array(Self.numbers(1...500).utf8)
            let load = try await table.load(.bytes([bytes].async, name: "stream"))
            #expect(load.counts.rowsLoaded == 500)
            let empty = try await table.load("id,note\n")
            #expect(empty.error == nil)
            #expect(try await table.count() == 500)
            try await table.expectClean()
        }
    }

    @Test func `identity, defaults, generated columns and triggers are as for COPY`() async throws {
        let definition = """
            (id int GENERATED ALWAYS AS IDENTITY, no int GENERATED ALWAYS AS IDENTITY,
            twice int GENERATED ALWAYS AS (a * 2) STORED, note text DEFAULT 'none', a int)
            """
        try await AtomicTable.with("(a int)") { table in
            try await table.server.query("DROP TABLE \(table.name)")
            try await table.server.query(
                "CREATE TABLE \(table.name) "
                    + definition.replacing("no int GENERATED ALWAYS AS IDENTITY,", with: ""))
            var load = try await table.load("a\n1\n2\n3\n")
            #expect(load.error == nil)
            // An identity that is GENERATED ALWAYS takes the file's value, as for COPY.
            load = try await table.load("id,a\n70,4\n")
            #expect(load.error == nil)
            let rows = try await table.rows("SELECT * FROM \(table.name) ORDER BY a")
            #expect(rows == "1,2,none,1;2,4,none,2;3,6,none,3;70,8,none,4")
        }
    }

    @Test func `a row that a trigger drops is skipped`() async throws {
        try await AtomicTable.with("(id int, note text)") { table in
            try await table.addTrigger(
                "BEFORE INSERT", "IF NEW.id % 10 = 0 THEN RETURN NULL; END IF; RETURN NEW;")
            let load = try await table.load(Self.numbers(1...1_000))
            #expect(load.error == nil)
            #expect(load.counts.rowsLoaded == 900)
            #expect(load.counts.rowsSkipped == 100)
            #expect(load.counts.rowsInBinary + load.counts.rowsInText == 900)
            #expect(try await table.count() == 900)
        }
    }

    @Test func `a partitioned table, and one that references itself`() async throws {
        try await AtomicTable.with("(id int, note text) PARTITION BY RANGE (id)") { table in
            try await table.server.query(
                """
                CREATE TABLE \(table.schema).low PARTITION OF \(table.name)
                    FOR VALUES FROM (0) TO (100);
                CREATE TABLE \(table.schema).high PARTITION OF \(table.name)
                    FOR VALUES FROM (100) TO (1000)
                """)
            #expect(try await table.load(Self.numbers(1...999)).error == nil)
            let rows = try await table.rows(
                "SELECT tableoid::regclass::text, count(*) FROM \(table.name) GROUP BY 1 ORDER BY 1"
            )
            #expect(rows == "\(table.schema).high,900;\(table.schema).low,99")
            let load = try await table.load(Self.numbers(999...1_000))
            try await table.expectNothing(load, sqlState: "23514", old: 999)
        }
        try await AtomicTable.with("(id int PRIMARY KEY)") { table in
            try await table.server.query(
                "ALTER TABLE \(table.name) ADD parent int REFERENCES \(table.name)")
            let up = "id,parent\n" + (1..<2_000).map { "\($0),\($0 + 1)\n" }.joined() + "2000,\n"
            let load = try await table.load(up)
            #expect(load.error == nil)
            #expect(load.counts.rowsInBinary == 2_000)
            #expect(try await table.count() == 2_000)
        }
    }

    // MARK: Nothing

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let statements: String
        let sqlState: String
        var testDescription: String { name }
    }

    /// What the last of 3,000 rows breaks; {t} is the table, {s} its schema.
    static let refusals = [
        Refusal(
            name: "a key",
            statements: "INSERT INTO {t} VALUES (3000); ALTER TABLE {t} ADD UNIQUE (id)",
            sqlState: "23505"),
        Refusal(
            name: "a foreign key",
            statements: """
                CREATE TABLE {s}.parents AS SELECT generate_series(0, 2999) AS id;
                ALTER TABLE {s}.parents ADD PRIMARY KEY (id);
                INSERT INTO {t} VALUES (0);
                ALTER TABLE {t} ADD FOREIGN KEY (id) REFERENCES {s}.parents
                """, sqlState: "23503"),
        Refusal(
            name: "a deferred foreign key",
            statements: """
                CREATE TABLE {s}.parents AS SELECT generate_series(0, 2999) AS id;
                ALTER TABLE {s}.parents ADD PRIMARY KEY (id);
                INSERT INTO {t} VALUES (0);
                ALTER TABLE {t} ADD FOREIGN KEY (id) REFERENCES {s}.parents
                    DEFERRABLE INITIALLY DEFERRED
                """, sqlState: "23503"),
        Refusal(
            name: "a check",
            statements: "INSERT INTO {t} VALUES (0); ALTER TABLE {t} ADD CHECK (id < 3000)",
            sqlState: "23514"),
        Refusal(
            name: "a column that is not null and not written",
            statements: """
                ALTER TABLE {t} ADD other int DEFAULT 1 NOT NULL; INSERT INTO {t} VALUES (0);
                ALTER TABLE {t} ALTER other SET DEFAULT NULL
                """, sqlState: "23502"),
    ]

    @Test(arguments: refusals, [false, true])
    func `what only the table can refuse leaves its old row and nothing else`(
        refusal: Refusal, truncates: Bool
    ) async throws {
        try await AtomicTable.with("(id int, note text)") { table in
            try await table.server.query(
                refusal.statements.replacing("{t}", with: table.name)
                    .replacing("{s}", with: table.schema))
            // The old row is gone when it is to conflict.
            guard !(truncates && refusal.name == "a key") else { return }
            let load = try await table.load(Self.numbers(1...3_000)) {
                $0.load.truncate = truncates
            }
            try await table.expectNothing(load, sqlState: refusal.sqlState, old: 1)
        }
    }

    @Test func `a trigger that refuses the last row leaves nothing`() async throws {
        try await AtomicTable.with("(id int, note text)") { table in
            try await table.addTrigger(
                "AFTER INSERT", "IF NEW.id = 3000 THEN RAISE 'not this one'; END IF; RETURN NULL;")
            let load = try await table.load(Self.numbers(1...3_000))
            try await table.expectNothing(load, sqlState: "P0001")
        }
    }

    @Test func `a value that is refused is named as ever, while rows are staged`() async throws {
        try await AtomicTable.with("(id int, note text)") { table in
            let load = try await table.load(Self.numbers(1...3_000) + "x,y\n")
            #expect(load.report.error?.location?.line == 3_002)
            #expect(load.report.error?.location?.column == "id")
            try await table.expectNothing(load, sqlState: "22P02")
        }
    }

    @Test func `old rows go with the new ones' coming`() async throws {
        try await AtomicTable.with("(id int, note text)") { table in
            try await table.server.query("INSERT INTO \(table.name) VALUES (0, 'old')")
            let load = try await table.load(Self.numbers(1...100)) { $0.load.truncate = true }
            #expect(load.error == nil)
            #expect(try await table.rows("SELECT min(id), max(id) FROM \(table.name)") == "1,100")
        }
    }

    @Test func `a table whose lock is held for too long is left as it is`() async throws {
        try await AtomicTable.with("(id int, note text)") { table in
            let other = table.name
            let text = Self.numbers(1...100)
            try await table.server.holding("LOCK TABLE \(other) IN ACCESS SHARE MODE") {
                let load = try await table.load(text) {
                    $0.load.truncate = true
                    $0.load.lockTimeout = .milliseconds(200)
                }
                #expect(load.report.error?.sqlState == "55P03")
                #expect(load.code == .server)
            }
            try await table.expectClean()
        }
    }

    @Test func `rules for INSERT are refused before a row is read`() async throws {
        try await AtomicTable.with("(id int, note text)") { table in
            try await table.server.query(
                "CREATE RULE nothing AS ON INSERT TO \(table.name) DO INSTEAD NOTHING")
            let load = try await table.load(Self.numbers(1...100))
            #expect(load.counts.recordsRead == 0)
            try await table.expectNothing(load, sqlState: String?.none)
        }
    }

    @Test func `it excludes what it contradicts`() async throws {
        for change in [\LoadOptions.resume, \LoadOptions.singleTransaction] {
            let load = try await Load.run("id\n1\n", into: "nowhere") {
                $0.load.atomic = true
                $0.load.jobs = 1
                $0.load[keyPath: change] = true
            }
            #expect(load.code == .usage)
        }
    }
}

extension AtomicTable {
    /// - Parameter body: of the trigger's function, for each row.
    func addTrigger(_ moment: String, _ body: String) async throws {
        try await server.query(
            """
            CREATE FUNCTION \(schema).f() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN \(body) END $$;
            CREATE TRIGGER f \(moment) ON \(name) FOR EACH ROW EXECUTE FUNCTION \(schema).f()
            """)
    }
}
