extension DirtyTable {
    /// A key that can be written in many ways: a record that is loaded last may have been first.
    static let dateKeys = DirtyTable(
        name: "date_keys",
        ddl: """
            CREATE TABLE % (day date PRIMARY KEY, n numeric(8,0) UNIQUE, code varchar(6),
                part numeric GENERATED ALWAYS AS (100 / size) STORED, size numeric,
                body text CHECK (length(body) < 4000));
            CREATE UNIQUE INDEX ON % (lower(code));
            CREATE INDEX ON % (body)
            """,
        columns: [
            Column(name: "day", odd: ["", "2020-13-01"], key: .date),
            Column(name: "n", odd: ["123456789", "1e-400"], colliding: ["1e3"], key: .number),
            Column(
                name: "code", good: [""], odd: ["toolong"], colliding: ["fits  ", "Ab", "aB", " b"]),
            Column(name: "size", good: ["1", "4"], odd: ["0", "0.0", "NaN"]),
            Column(
                name: "body", good: ["short"],
                odd: [unlike(2_900), unlike(3_500), String(repeating: "b", count: 4_000), "\t\\N"]),
        ])

    /// COPY fires no rule.
    static let rules = DirtyTable(
        name: "rules",
        ddl: """
            CREATE TABLE % (id int PRIMARY KEY, word text CHECK (word <> 'no'));
            CREATE RULE never AS ON INSERT TO % WHERE mod(NEW.id, 2) = 0 DO INSTEAD NOTHING
            """,
        columns: [
            Column(name: "id", odd: ["x", ""], colliding: ["1"], key: .number),
            Column(name: "word", good: ["a", "b"], odd: ["no"]),
        ])

    /// What a column's length, fields and elements do to a value.
    static let assigned = DirtyTable(
        name: "assigned",
        ddl: """
            CREATE TABLE % (id bigint PRIMARY KEY, hours interval hour, spans interval day to minute[],
                rough interval(0), words varchar(3)[], pair dirty.pair, c char(2), bit varbit(3),
                at timestamp(0), clock timetz(1), short dirty.hours)
            """,
        columns: [
            Column(name: "id", odd: ["x"], colliding: ["1"], key: .number),
            Column(name: "hours", good: ["1", "2 hours", ""], odd: ["1 day 3", "90 min", "x"]),
            Column(name: "spans", good: ["{1,2}", "{}"], odd: ["{1 day,03:04:05}", "{x}", "{1"]),
            Column(name: "rough", good: ["1.5", "2"], odd: ["1.4999999", "x"]),
            Column(name: "words", good: ["{ab,c}"], odd: ["{abcd}", "{ab ,\"ab  \"}", "ab"]),
            Column(name: "pair", good: ["(1,ab)", ""], odd: ["(x,ab)", "(1,abcd)", "(1)"]),
            Column(name: "c", good: ["a", "ab"], odd: ["abc", "ab    "]),
            Column(name: "bit", good: ["", "101"], odd: ["1010", "2"]),
            Column(name: "at", good: ["2020-01-01 00:00:00.5"], odd: ["epoch", "2020-02-30"]),
            Column(name: "clock", good: ["01:02:03.45+00"], odd: ["24:00:01+00", "1 am +1"]),
            Column(name: "short", good: ["3"], odd: ["-1", "1 day"]),
        ])

    /// Types that refuse with the SQLSTATE of a bad statement; a domain, and others, in another order
    /// than the file's.
    static let hostileValues = DirtyTable(
        name: "hostile_values",
        ddl: """
            CREATE TABLE % (dom dirty.positive, kind regtype, query tsquery, path jsonpath,
                n int, j json, id int PRIMARY KEY)
            """,
        columns: [
            Column(name: "id", odd: ["x", ""], colliding: ["1"], key: .number),
            Column(name: "n", good: ["1", ""], odd: ["x"]),
            Column(name: "path", good: ["$.a", ""], odd: ["$.[", "$ ", "$.a[*"]),
            Column(name: "query", good: ["a & b", "c"], odd: ["a & & b", "!", "a b"]),
            Column(name: "dom", good: ["1", "5", ""], odd: ["0", "-2", "y"]),
            Column(name: "kind", good: ["int4", "-"], odd: ["no_type", "int4[", "a.b.c.d"]),
            Column(
                name: "j", good: ["{}"],
                odd: ["{", "[]x", String(repeating: "[", count: 20_000)]),
        ])

    /// Of types with an encoder: the binary lane knows the plain ones.
    static let arrays = DirtyTable(
        name: "arrays",
        ddl: """
            CREATE TABLE % (id int PRIMARY KEY, numbers int[] CHECK (array_length(numbers, 1) < 4),
                words varchar(3)[] UNIQUE, prices numeric(5,2)[], days date[] NOT NULL,
                documents jsonb[], few dirty.few)
            """,
        columns: [
            Column(name: "id", odd: ["x", ""], colliding: ["1"], key: .number),
            Column(
                name: "numbers", good: ["{}", "{1,-2}", ""],
                odd: [
                    "{1,2,3,4}", "{ 1 }", "{1,NULL}", "{{1,2},{3,4}}", "[0:1]={1,2}",
                    "{2147483648}",
                ]),
            Column(
                name: "words", good: [""], odd: ["{abcd}", "{ab", "{a}b"],
                colliding: ["{a,b}", "{\"a\",b}", "{a, b}", "{\"ab   \"}", "{\"ab \"}"]),
            Column(name: "prices", good: ["{1.5,999.99}", ""], odd: ["{1000}", "{NaN}", "{1,}"]),
            Column(
                name: "days", good: ["{2020-01-31}", "{}"], odd: ["", "{2020-02-30}", "{now}"]),
            Column(
                name: "documents", good: ["{1,\"{\\\"a\\\": [1]}\"}"],
                odd: ["{\"{\"}", "{1,\"[1\"}", "{\\u0031}"]),
            Column(name: "few", good: ["{1}", ""], odd: ["{1,2}", "{0}", "{}"]),
        ])

    /// Hardly shorter when it is compressed.
    private static func unlike(_ length: Int) -> String {
        var state: UInt32 = 1
        return String(
            (0..<length).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return Character(UnicodeScalar(UInt8(33 + state >> 8 % 90)))
            })
    }
}
