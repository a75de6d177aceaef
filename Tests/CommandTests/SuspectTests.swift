import Foundation
import Testing

/// Records that the table's rules refuse are foreseen: all others go in one binary COPY.
@Suite(
    .serialized, .timeLimit(.minutes(3)),
    .enabled(if: TestDatabase.canRun, "PGSLUICE_TEST_SERVER_DIR is unset"))
struct SuspectTests {
    private static let columns = """
        id int PRIMARY KEY, "the ""d""ay" date NOT NULL, amount numeric(8,2) CHECK (amount >= 0), \
        part text, lot int, parent_part text, parent_lot int
        """
    /// What stands in the table before.
    private static let known = 1_000_001

    private let database: TestDatabase
    private let workdir: Workdir
    private let table: String

    init() throws {
        database = try TestDatabase()
        workdir = try Workdir()
        table = try database.table("t", Self.columns)
        let parents = try database.table("parents", "part text, lot int, PRIMARY KEY (part, lot)")
        try database.query(
            """
            INSERT INTO \(parents) VALUES ('a', 1), ('a', 2);
            CREATE UNIQUE INDEX ON \(table) (part, lot) INCLUDE (amount);
            ALTER TABLE \(table) ADD FOREIGN KEY (parent_part, parent_lot) REFERENCES \(parents);
            INSERT INTO \(table) VALUES (\(Self.known), '2024-01-01', 1, 'known', 1)
            """)
    }

    private static let header = "id,\"the \"\"d\"\"ay\",amount,part,lot,parent_part,parent_lot"

    private static func good(_ id: Int) -> String {
        "\(id),2024-02-\(10 + id % 19),\(id).25,p\(id),\(id),a,\(1 + id % 2)"
    }

    /// By id: what is wrong with it, and what the server calls it.
    private static let bad = [
        50: ("50,,1,p50,50,a,1", "23502"),
        100: ("100,2024-02-01,-1,p100,100,a,1", "23514"),
        150: ("150,2024-02-01,1,p150,150,b,1", "23503"),
        200: ("17,2024-02-01,1,p200,200,a,1", "23505"),
        250: ("\(known),2024-02-01,1,p250,250,a,1", "23505"),
        300: ("300,2024-02-01,1,p299,299,a,1", "23505"),
        350: ("350,2024-02-01,1,known,1,a,1", "23505"),
        400: ("400,2024-02-30,1,p400,400,a,1", "22008"),
        450: ("450,2024-02-01,1,p450,many,a,1", "22P02"),
    ]

    /// One after a refused record that has its key, and some with NULLs, which no key compares.
    private static let spared = [
        101: "101,2024-02-01,1,p100,100,a,1", 151: "151,2024-02-01,,,,,1",
        152: "152,2024-02-01,,p299,,b,", 451: "451,2024-02-01,1,,,,",
    ]

    private func load() async throws -> (lanes: [String: Int], log: [Substring]) {
        let records = (1...3_000).map {
            Self.bad[$0]?.0 ?? Self.spared[$0] ?? Self.good($0)
        }
        try workdir.write(([Self.header] + records).joined(separator: "\n"), to: "in.csv")
        let ended = try await workdir.run(
            [
                "import", "-t", table, "--report", "json", "--progress", "none", "-j1",
                "--on-error", "reject", "in.csv",
            ], environment: .withServer)
        #expect(ended.status == 3, "\(ended)")
        let log = try String(
            contentsOf: workdir.url.appending(component: "in.csv.rejects.csv.log"), encoding: .utf8)
        let lanes = try #require(ended.json["lanes"] as? [String: Int])
        return (lanes, log.split(separator: "\n"))
    }

    private func expectRefused(_ log: [Substring]) {
        #expect(log.count == Self.bad.count)
        for (line, (id, bad)) in zip(log, Self.bad.sorted { $0.key < $1.key }) {
            #expect(line.contains("\"line\":\(id + 1),"), "\(line)")
            #expect(line.contains("\"sqlstate\":\"\(bad.1)\""), "\(line)")
        }
    }

    @Test func `what a rule refuses keeps the others from no COPY`() async throws {
        let (lanes, log) = try await load()
        expectRefused(log)
        // Suspects that are good: the 101 behind a refused one with its key, and the first of two keys.
        #expect(lanes == ["binary": 2_997 - Self.bad.count, "text": 3])
        #expect(
            try database.query(
                "SELECT count(*), count(*) FILTER (WHERE part = 'p100') FROM \(table)")
                == "\(3_001 - Self.bad.count)|1")
    }

    @Test func `a rule that can't be tried is no matter`() async throws {
        try database.query(
            """
            CREATE FUNCTION \(table)_check(amount numeric) RETURNS boolean LANGUAGE plpgsql
                AS $$ BEGIN IF amount < 0 THEN RAISE check_violation; END IF; RETURN true; END $$;
            ALTER TABLE \(table) DROP CONSTRAINT t_amount_check,
                ADD CHECK (\(table)_check(amount))
            """)
        let (lanes, log) = try await load()
        expectRefused(log)
        #expect(lanes["text"] != 0)
    }

    /// The second 5 is spared by the first one's fault, and must come before the 6.
    @Test(arguments: [
        "CREATE UNIQUE INDEX ON t (part) WHERE lot = 1", "CREATE UNIQUE INDEX ON t (lower(part))",
        "ALTER TABLE t ADD EXCLUDE (part WITH =)", "CREATE UNIQUE INDEX ON t (twice)",
        "CREATE UNIQUE INDEX ON t (part, parent_part)",
    ])
    func `where a key is not foreseen, order counts`(key: String) async throws {
        let table = try database.table(
            "ordered",
            """
            id int PRIMARY KEY, amount int CHECK (amount >= 0), part text, lot int,
            twice text GENERATED ALWAYS AS (part || part) STORED, parent_part text DEFAULT 'none'
            """)
        try database.query(
            key.replacing("ON t ", with: "ON \(table) ")
                .replacing("TABLE t ", with: "TABLE \(table) "))
        let others = (10...400).map { "\($0),1,p\($0),2" }
        try workdir.write(
            (["id,amount,part,lot", "5,-1,x,1", "5,1,x,1", "6,1,x,1"] + others)
                .joined(separator: "\n"), to: "in.csv")
        let ended = try await workdir.run(
            [
                "import", "-t", table, "--report", "json", "--progress", "none", "-j1",
                "--on-error", "reject", "in.csv",
            ], environment: .withServer)
        #expect(ended.status == 3, "\(ended)")
        #expect(
            try String(
                contentsOf: workdir.url.appending(component: "in.csv.rejects.csv"), encoding: .utf8)
                == "id,amount,part,lot\n5,-1,x,1\n6,1,x,1\n")
    }

    @Test func `nothing is foreseen of what a trigger may change`() async throws {
        try database.query(
            """
            CREATE FUNCTION \(table)_mend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                NEW.amount := abs(NEW.amount);
                RETURN NEW;
            END $$;
            CREATE TRIGGER mend BEFORE INSERT ON \(table) FOR EACH ROW
                EXECUTE FUNCTION \(table)_mend()
            """)
        let (lanes, log) = try await load()
        #expect(log.count == Self.bad.count)
        #expect(
            log.contains { $0.contains("\"line\":102,") }, "100 is mended, and has the key first")
        #expect(lanes["text"] != 0)
    }
}
