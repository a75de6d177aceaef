import SluiceTestSupport
import Testing

/// A table that refuses for many reasons, and the texts that its columns meet.
struct DirtyTable: Sendable, CustomTestStringConvertible {
    let name: String
    /// Makes it as `ours` or `theirs`, which `%` stands for.
    let ddl: String
    let columns: [Column]
    /// What is compared in the end; nil: the table itself.
    var compared: String?

    var testDescription: String { name }

    var number: Int { Self.all.firstIndex { $0.name == name }! }

    struct Column: Sendable {
        let name: String
        var good: [String] = []
        /// Valid and unusual, or refused.
        let odd: [String]
        /// What meets values of other records.
        var colliding: [String] = []
        var key = DirtyKey.none
    }
}

extension DirtyTable {
    static let all = [
        constraints, triggers, partitions, oddTypes, view, largeRows, dateKeys, rules, assigned,
        hostileValues, arrays,
    ]

    private static let constraints = DirtyTable(
        name: "constraints",
        ddl: """
            CREATE TABLE % (id int PRIMARY KEY, code text UNIQUE DEFERRABLE INITIALLY DEFERRED,
                n int NOT NULL CHECK (n > 0), v varchar(3), m numeric(5,2), d date,
                ref int REFERENCES dirty.parent DEFERRABLE INITIALLY DEFERRED, e dirty.mood,
                dom dirty.positive, j json, rest text DEFAULT 'rest')
            """,
        columns: [
            Column(
                name: "id", odd: ["x", "", "99999999999"],
                colliding: ["1", " 2", "7 ", "+3", "0x1F"], key: .number),
            Column(name: "code", odd: [""], colliding: ["1", "dup", "dup"], key: .word),
            Column(
                name: "n", good: ["1", "20", "2147483647"], odd: ["", "0", "-1", "1e3", "1_0"]),
            Column(
                name: "v", good: ["a", "abc", "äöü"], odd: ["abcd", "abc   ", "äöüß", "a\u{0}"]),
            Column(
                name: "m", good: ["1", "999.99", "-3.5"], odd: ["1000", "NaN", "1e2", "12,5", ""]),
            Column(
                name: "d", good: ["2020-01-31", "1999-12-01"],
                odd: ["2020-02-30", "now", "31.12.2020", "infinity", "x"]),
            Column(name: "ref", good: ["1", "2", "3", ""], odd: ["77", " 1"]),
            Column(name: "e", good: ["sad", "ok"], odd: ["SAD", "", "sad "]),
            Column(name: "dom", good: ["1", "5", ""], odd: ["0", "-2", " 4"]),
            Column(name: "j", good: ["{}", "[1]", "null"], odd: ["{", "\"", "{\"a\":1}x"]),
        ])

    private static let triggers = DirtyTable(
        name: "triggers",
        ddl: """
            CREATE TABLE % (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word text NOT NULL,
                span int4range, twice int GENERATED ALWAYS AS (length(word) * 2) STORED,
                EXCLUDE USING gist (span WITH &&));
            CREATE TRIGGER before BEFORE INSERT ON % FOR EACH ROW EXECUTE FUNCTION dirty.before();
            CREATE CONSTRAINT TRIGGER later AFTER INSERT ON % DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION dirty.later()
            """,
        columns: [
            Column(name: "id", odd: ["x", ""], colliding: ["3"], key: .number),
            Column(
                name: "word", good: ["a", "word", "Ω"],
                odd: ["boom", "skip", "late", "unusual", "assert", ""]),
            Column(
                name: "span", good: ["", "empty"], odd: ["[9,1]", "x"],
                colliding: ["[1,5)", "[4,9)", "[20,30]"]),
        ])

    private static let partitions = DirtyTable(
        name: "partitions",
        ddl: """
            CREATE TABLE % (id bigint, day date NOT NULL, note dirty.filled, raw bytea,
                at timestamptz, ok boolean, u uuid, PRIMARY KEY (id, day))
                PARTITION BY RANGE (day);
            CREATE TABLE %_1 PARTITION OF % FOR VALUES FROM ('2020-01-01') TO ('2020-07-01');
            CREATE TABLE %_2 PARTITION OF % FOR VALUES FROM ('2020-07-01') TO ('2021-01-01')
            """,
        columns: [
            Column(
                name: "id", odd: ["9223372036854775808"], colliding: ["1"], key: .number),
            Column(
                name: "day", good: ["2020-02-02", "2020-08-08"], odd: ["2021-01-01", "", "today"]),
            Column(name: "note", good: ["x", "note"], odd: [""]),
            Column(
                name: "raw", good: ["\\x00ff", "\\x"], odd: ["\\xf", "\\x0g", "a\\\\b", "a\\b"]),
            Column(
                name: "at", good: ["2020-01-01 00:00:00+00"],
                odd: ["2020-01-01 00:00:00", "2020-01-01 Europe/Berlin", "x"]),
            Column(name: "ok", good: ["t", "f", ""], odd: ["yes", "off", "maybe"]),
            Column(
                name: "u", good: ["", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
                odd: ["{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0"]),
        ])

    /// A loop in the server would read an interval with fields in another way: savepoints.
    private static let oddTypes = DirtyTable(
        name: "odd_types",
        ddl: """
            CREATE TABLE % (id int PRIMARY KEY, h interval hour, c "char", label name, who inet,
                bits bit(3), i interval, p point)
            """,
        columns: [
            Column(name: "id", odd: ["x"], colliding: ["1"], key: .number),
            Column(name: "h", good: ["1", "2"], odd: ["3 days", "x", "01:30"]),
            Column(name: "c", good: ["a", ""], odd: ["ab", "ä", "\\101"]),
            Column(name: "label", good: ["n"], odd: [String(repeating: "n", count: 70)]),
            Column(name: "who", good: ["10.0.0.1", "::1"], odd: ["10.0.0.0/33", "10.0.0.1/8"]),
            Column(name: "bits", good: ["101", "000"], odd: ["10", "1010", "12", "x5"]),
            Column(name: "i", good: ["1 day", "02:00"], odd: ["1 fortnight", "x"]),
            Column(name: "p", good: ["(1,2)"], odd: ["1,2", "(1"]),
        ])

    private static let view = DirtyTable(
        name: "view",
        ddl: """
            CREATE TABLE %_base (id int PRIMARY KEY, word text CHECK (word <> 'no'));
            CREATE VIEW % AS SELECT * FROM %_base;
            CREATE FUNCTION %_insert() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN INSERT INTO %_base VALUES (NEW.id, NEW.word); RETURN NEW; END';
            CREATE TRIGGER instead INSTEAD OF INSERT ON % FOR EACH ROW
                EXECUTE FUNCTION %_insert()
            """,
        columns: [
            Column(name: "id", odd: ["x", ""], colliding: ["1"], key: .number),
            Column(name: "word", good: ["a", "b"], odd: ["no"]),
        ], compared: "%_base")

    /// COPY names another line for such a row.
    private static let largeRows = DirtyTable(
        name: "large_rows",
        ddl: """
            CREATE TABLE % (id int PRIMARY KEY, body text);
            ALTER TABLE % ALTER body SET STORAGE PLAIN
            """,
        columns: [
            Column(name: "id", odd: [], colliding: ["1"], key: .number),
            Column(
                name: "body", good: ["a", "body"], odd: [String(repeating: "large", count: 2_000)]),
        ])

    /// What the tables refer to.
    static let surroundings = """
        CREATE TABLE dirty.parent (id int PRIMARY KEY);
        INSERT INTO dirty.parent VALUES (1), (2), (3);
        CREATE TYPE dirty.mood AS ENUM ('sad', 'ok');
        CREATE DOMAIN dirty.positive AS int CHECK (VALUE > 0);
        CREATE DOMAIN dirty.filled AS varchar(4) NOT NULL;
        CREATE DOMAIN dirty.few AS int[] CHECK (VALUE <@ '{1,2,3}' AND cardinality(VALUE) < 2);
        CREATE DOMAIN dirty.hours AS interval hour CHECK (VALUE > '0');
        CREATE TYPE dirty.pair AS (n int, word varchar(3));
        CREATE FUNCTION dirty.before() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.word = 'boom' THEN RAISE 'no % today', NEW.word; END IF;
            IF NEW.word = 'unusual' THEN RAISE SQLSTATE 'P0042' USING MESSAGE = 'unusual'; END IF;
            IF NEW.word = 'assert' THEN ASSERT false, 'asserted'; END IF;
            IF NEW.word = 'skip' THEN RETURN NULL; END IF;
            NEW.word := upper(NEW.word);
            RETURN NEW;
        END $$;
        CREATE FUNCTION dirty.later() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.word = 'LATE' THEN RAISE 'too late'; END IF;
            RETURN NULL;
        END $$
        """
}
