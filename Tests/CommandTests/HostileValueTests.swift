import Foundation
import Testing

/// Values whose error could be the statement's as well, by its SQLSTATE; and records with more than
/// one fault.
@Suite(
    .serialized, .timeLimit(.minutes(3)),
    .enabled(if: TestDatabase.canRun, "PGSLUICE_TEST_SERVER_DIR is unset"))
struct HostileValueTests {
    struct Value: Sendable, CustomTestStringConvertible {
        let type: String
        let good: String
        let bad: String
        let state: String

        var testDescription: String { "\(type) \(bad.prefix(12))" }
    }

    private static let deep = String(repeating: "[", count: 20_000)

    private static let values = [
        Value(type: "jsonpath", good: "$.a", bad: "$.[", state: "42601"),
        Value(type: "tsquery", good: "a & b", bad: "a & & b", state: "42601"),
        Value(type: "regclass", good: "pg_class", bad: "nowhere", state: "42P01"),
        Value(type: "regclass", good: "pg_class", bad: "nowhere.at_all", state: "3F000"),
        Value(type: "regclass", good: "pg_class", bad: "a.b.c", state: "0A000"),
        Value(type: "regnamespace", good: "pg_catalog", bad: "nowhere", state: "3F000"),
        Value(type: "regtype", good: "int4", bad: "no_type", state: "42704"),
        Value(type: "regproc", good: "now", bad: "no_function", state: "42883"),
        Value(type: "json", good: "[]", bad: deep, state: "54001"),
        Value(type: "jsonb", good: "[]", bad: deep, state: "54001"),
    ]

    private let database: TestDatabase
    private let workdir: Workdir

    init() throws {
        database = try TestDatabase()
        workdir = try Workdir()
    }

    private func load(
        _ csv: String, into table: String, _ policy: String = "reject"
    ) async throws -> Ended {
        try workdir.write(csv, to: "in.csv")
        return try await workdir.run(
            [
                "import", "-t", table, "--report", "json", "--progress", "none", "-j1",
                "--on-error", policy, "--rejects-overwrite", "in.csv",
            ].filter { policy == "reject" || $0 != "--rejects-overwrite" },
            environment: .withServer)
    }

    private func log() throws -> String {
        try String(
            contentsOf: workdir.url.appending(component: "in.csv.rejects.csv.log"), encoding: .utf8)
    }

    // MARK: Whose error it is

    @Test(arguments: values)
    func `exactly the record with a value that its type refuses is rejected`(
        _ value: Value
    ) async throws {
        let table = try database.table("t", "id int, v \(value.type)")
        let csv = "id,v\n1,\(value.good)\n2,\"\(value.bad)\"\n3,\(value.good)\n"
        try await expectReject(of: value, try await load(csv, into: table))
        #expect(try database.query("SELECT array_agg(id) FROM \(table)") == "{1,3}")
        // No loop in the server does what COPY does with a table that has rules.
        try database.query("CREATE RULE r AS ON INSERT TO \(table) WHERE false DO INSTEAD NOTHING")
        try await expectReject(of: value, try await load(csv, into: table))
        #expect(try database.query("SELECT count(*) FROM \(table)") == "4")
    }

    private func expectReject(of value: Value, _ ended: Ended) async throws {
        #expect(ended.status == 3, "\(ended)")
        let log = try log()
        #expect(
            log.contains(#""line":3,"#) && log.contains(#""record":2,"#)
                && log.contains(#""column":"v","kind":"value","sqlstate":"\#(value.state)""#),
            "\(log)")
        #expect(log.count { $0 == "\n" } == 1)
    }

    @Test(arguments: values)
    func `under stop such a value is named by line and column, and not another table`(
        _ value: Value
    ) async throws {
        let table = try database.table("t", "id int, v \(value.type)")
        let ended = try await load(
            "id,v\n1,\(value.good)\n2,\"\(value.bad)\"\n", into: table, "stop")
        #expect(ended.status == 65, "\(ended)")
        #expect(ended.error.contains("in.csv:3: column \"v\": "), "\(ended)")
        #expect(ended.error.contains("next: mend the line"), "\(ended)")
    }

    @Test func `a domain over such a type is judged as the type`() async throws {
        try database.query("CREATE DOMAIN \(database.schema).path AS jsonpath NOT NULL")
        let table = try database.table("t", "id int, v \(database.schema).path")
        let ended = try await load("id,v\n1,$.a\n2,$.[\n3,\n", into: table)
        #expect(ended.status == 3, "\(ended)")
        let states = try log().matches(of: /"column":"v",.*?"sqlstate":"(\w+)"/).map(\.1)
        #expect(states == ["42601", "23502"])
    }

    @Test func `a statement that fails in a trigger or a domain's check rejects nothing`()
        async throws
    {
        let schema = database.schema
        try database.query(
            """
            CREATE FUNCTION \(schema).fails() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM FROM no_such_table; RETURN NEW; END';
            CREATE FUNCTION \(schema).asks(int) RETURNS bool LANGUAGE plpgsql AS
                'BEGIN RETURN EXISTS (SELECT FROM no_such_table); END';
            CREATE DOMAIN \(schema).asked AS int CHECK (\(schema).asks(VALUE))
            """)
        let triggered = try database.table("triggered", "id int, v text")
        try database.query(
            """
            CREATE TRIGGER fails BEFORE INSERT ON \(triggered) FOR EACH ROW
            WHEN (NEW.id > 1) EXECUTE FUNCTION \(schema).fails()
            """)
        let checked = try database.table("checked", "id int, v \(schema).asked")
        let ruled = try database.table("ruled", "id int, v \(schema).asked")
        try database.query("CREATE RULE r AS ON INSERT TO \(ruled) WHERE false DO INSTEAD NOTHING")
        // The value reads like the end of CONTEXT, where that names the column.
        for (table, value) in [(triggered, "\" v: 1\""), (checked, "1"), (ruled, "1")] {
            // The first is refused by itself, so that all are looked at one by one.
            let ended = try await load("id,v\nx,\(value)\n2,\(value)\n", into: table)
            #expect(ended.status == 65 && ended.error.contains("42P01"), "\(ended)")
            #expect(try ended.json["rows_rejected"] as? Int == 0, "\(ended)")
        }
    }

    // MARK: Which fault it is

    @Test(arguments: [
        ("a,b", "0,x", "a", "23514"), ("b,a", "x,0", "b", "22P02"), ("a,b", "x,0", "a", "22P02"),
        ("a,c", "0,y", "a", "23514"), ("c,a", "y,0", "c", "23514"), ("c,b", "y,x", "c", "23514"),
    ])
    func `of two faults the one is told that COPY meets first`(
        header: String, record: String, column: String, state: String
    ) async throws {
        let schema = database.schema
        try database.query(
            """
            CREATE DOMAIN \(schema).positive AS int CHECK (VALUE > 0);
            CREATE DOMAIN \(schema).short AS varchar(3) CHECK (VALUE <> 'y')
            """)
        for columns in [
            ["b int", "c #.short", "a #.positive"], ["a #.positive", "c #.short", "b int"],
        ] {
            let table = try database.table(
                "t", columns.joined(separator: ", ").replacing("#", with: schema))
            let ended = try await load("\(header)\n\(record)\n", into: table)
            #expect(ended.status == 3, "\(ended)")
            let log = try log()
            #expect(log.contains(#""column":"\#(column)","#), "\(log)")
            #expect(log.contains(#""sqlstate":"\#(state)""#), "\(log)")
            try database.query("DROP TABLE \(table)")
        }
    }

    @Test func `a column of a row type loses its bad values only`() async throws {
        try database.query("CREATE TYPE \(database.schema).pair AS (n int, word varchar(3))")
        let table = try database.table("t", "id int, p \(database.schema).pair")
        let ended = try await load(
            "id,p\n1,\"(1,ab)\"\n2,\"(x,ab)\"\ny,\"(1,ab)\"\n4,\n", into: table)
        #expect(ended.status == 3, "\(ended)")
        #expect(try log().matches(of: /"column":"(\w+)"/).map(\.1) == ["p", "id"])
    }
}
