import SluiceTestSupport

extension ValuePool {
    private static let words = [
        "a", "b", "xyz", " ", "  ", "é", "ß", "日本", "😀", "e\u{301}", "\u{10FFFF}", "\u{7FF}",
        "\u{800}",
        "\u{FFFF}", "\u{1}", "\u{7F}", ",", "\"", "'", "\\", "\\n", "\n", "\r\n", "\t", "\\.", "1",
        "{}",
    ]

    private static func words(_ random: inout SeededRandom, _ count: ClosedRange<Int>) -> String {
        (0..<random.number(in: count)).map { _ in random.pick(words) }.joined()
    }

    /// At most so many characters.
    private static func short(_ random: inout SeededRandom, limit: Int) -> String {
        String(
            words(&random, 0...limit).unicodeScalars.prefix(random.number(in: 0...limit)).map {
                Character($0)
            })
    }

    private static let oddTexts = [
        "     ", "      ", "abcde", "abcdef", "abcde ", "abcde   ", "abcdefg", "ééééé", "éééééé",
        "ééééé  ", "日本日本日", "日本日本日本", "😀😀😀😀😀", "😀😀😀😀😀😀", "a    b", "\u{0}", "a\u{0}b",
        "abcd\u{0}", "\\000", "\\x41", "\u{FEFF}", String(repeating: "x", count: 62),
        String(repeating: "x", count: 63), String(repeating: "x", count: 64),
        String(repeating: "x", count: 70), String(repeating: "é", count: 31),
        String(repeating: "é", count: 32), String(repeating: "y", count: 4_000),
    ]

    private static func text(_ type: String, limit: Int? = nil) -> ValuePool {
        ValuePool(
            type, odd: oddTexts, alphabet: "ab é日😀\\\"\n\t\u{0}"
        ) { random, _ in
            limit.map { short(&random, limit: $0) } ?? words(&random, 0...random.pick([3, 10, 60]))
        }
    }

    static let texts = [
        text("text"), text("varchar"), text("varchar(5)", limit: 5), text("varchar(1)", limit: 1),
        text("bpchar", limit: 20), text("char(5)", limit: 5), text("char(1)", limit: 1),
        text("varchar(63)", limit: 63),
        ValuePool("name", odd: oddTexts, alphabet: "abcé \"") { random, _ in
            short(&random, limit: 15)
        },
        ValuePool(
            "\"char\"", odd: oddTexts + ["\\101", "\\", "\\377", "ab", "\u{80}"], alphabet: "a1\\é "
        ) {
            random, _ in
            random.pick(["a", "Z", "0", " ", "\\", "\"", "~", "\t", "\u{7F}", "\u{1}"])
        },
        ValuePool(
            "pg_temp.mood",
            odd: ["SAD", "sa", "sadd", " sad", "sad ", "unknown", "É", "e"] + labels,
            alphabet: "sadokhpy é"
        ) { random, _ in random.pick(labels) },
    ]

    // MARK: json

    private static let oddDocuments = [
        "{", "}", "[", "]", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "{'a':1}",
        "[1 2]", "nul", "nulll", "True", "NaN", "Infinity", "-", "-0", "-0.0", "+1", "01", "1.",
        ".5",
        "1e5", "1E+5", "1e-5", "1e", "1e400", "1e1000000", "1e131071", "1e131072", "1e999",
        "1e-999",
        "123456789012345678901234567890.123456789", "0x1", "1_000", "\"", "\"a", "\"\\",
        "\"\\u0041\"",
        "\"\\u004\"", "\"\\u00zz\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ude00\\ud83d\"", "\"\\x\"", "\"\\'\"", "\"a\tb\"", "\"a\nb\"", "\"a\u{1}b\"",
        "\"\u{7F}\"",
        "\"é日😀\"", " 1", "1 ", "\n[ ]\t", "\u{B}1", "\u{A0}1", "1 1", "[] []", "{}x", "[[]]",
        "[{}]",
        "{\"a\":{\"b\":[1,2,{\"c\":null}]}}", "{\"a\":1,\"a\":2}", "{\"\":\"\"}", "\"\\/\"",
        "[1,2]",
        String(repeating: "[", count: 64) + String(repeating: "]", count: 64),
        String(repeating: "[", count: 65) + String(repeating: "]", count: 65),
        String(repeating: "[", count: 20_000), String(repeating: "{\"a\":", count: 40) + "1",
        "/* c */ 1", "// c\n1", "1//", "{\"a\":1}}", "[1]]", "{]", "[}", "{\"a\"1}", "{\"a\"::1}",
        "{1:2}", "{null:1}", "[true,false,null]", "[tru]", "\"\\b\\f\\n\\r\\t\\\\\\\"\"", "''",
    ]

    private static func document(_ random: inout SeededRandom, depth: Int) -> String {
        let blank = random.pick(["", "", "", " ", "\n", " \t"])
        switch random.number(in: 0...(depth > 0 ? 7 : 5)) {
        case 0: return blank + random.pick(["null", "true", "false"])
        case 1: return String(random.number(in: -100...1_000_000)) + blank
        case 2: return String(random.number(in: -100...100)) + "." + random.digits(1...6)
        case 3: return String(random.number(in: 1...9)) + random.pick(["e5", "E-3", ".5e+10"])
        case 4...5: return blank + string(&random)
        case 6:
            let elements = (0..<random.number(in: 0...4)).map { _ in
                document(&random, depth: depth - 1)
            }
            return "[" + elements.joined(separator: blank + ",") + blank + "]"
        default:
            let members = (0..<random.number(in: 0...4)).map { _ in
                string(&random) + blank + ":" + document(&random, depth: depth - 1)
            }
            return "{" + blank + members.joined(separator: ",") + blank + "}"
        }
    }

    private static func string(_ random: inout SeededRandom) -> String {
        let parts = [
            "a", "key", " ", "é", "日本", "😀", "\\n", "\\\"", "\\\\", "\\u00e9", "\\/", "{", ",",
        ]
        return "\"" + (0..<random.number(in: 0...4)).map { _ in random.pick(parts) }.joined() + "\""
    }

    static let documents = ["json", "jsonb"].map { type in
        ValuePool(type, odd: oddDocuments, alphabet: "{}[]:,\"\\u0123abntfe.-+ 😀\n") { random, _ in
            document(&random, depth: 3)
        }
    }

    // MARK: uuid, bytea, addresses

    private static func hex(_ random: inout SeededRandom, _ count: Int) -> String {
        let digits = Array(random.oneIn(3) ? "0123456789ABCDEF" : "0123456789abcdef")
        return String((0..<count).map { _ in random.pick(digits) })
    }

    private static let oddUUIDs = [
        "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11",
        "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
        "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111", "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "a0eebc99-9c0b-4ef8-bb6d_6bb9bd380a11", " a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 ", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\n",
        "-a0eebc999c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000",
        "a0eebc9-99c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99--9c0b4ef8-bb6d-6bb9bd380a11",
        "@0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "`0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ]

    private static let oddBytes = [
        "\\x", "\\xAb", "\\xabc", "\\x a b", "\\xab cd", "\\xa bc", "\\Xab", "\\x0g", "xab", "0xab",
        "\\\\x", "\\", "\\\\", "abc", "\\000", "\\377", "\\400", "\\12", "a\\134b", "\\x\\x",
        "\\xdeadbeefdeadbeefdeadbeef", "\\xdeadbeefdeadbeefdeadbee", "\\x00", " \\x00", "\\x00 ",
        "\\x00\n", "é", "\\xé0",
    ]

    private static let oddAddresses = [
        "10.1.2.3", "10.1.2.3/24", "10.1.2.0/24", "10.1.2.3/32", "10.1.2.3/0", "0.0.0.0/0",
        "10.1.2.3/33",
        "10.1.2.3/", "10.1.2.3/-1", "10.1.2.3/024", "10.1.2.3/8.", "10.1.2", "10.1", "10", "10/8",
        "10.1/16", "192.168/16", "192.168.1", "256.1.1.1", "1.256.1.1", "01.2.3.4", "1.02.3.4",
        "1.2.3.004", "1.2.3.4.5", "1..2.3", ".1.2.3", "1.2.3.", "0x0a.1.2.3", "0xa010203", "::1",
        "::1/128", "fe80::1%eth0", "2001:db8::/32", "::ffff:1.2.3.4", "::ffff:1.2.3.4/96",
        " 10.1.2.3",
        "10.1.2.3 ", "10.1.2.3/24 ", "10.1.2.3 /24", "128.0.0.0/1", "192.0.0.0/1", "127.0.0.1",
        "-1.2.3.4",
        "255.255.255.255", "1.2.3.4/32", "1.2.3.4/31", "1.2.3.4/30", "1.2.3.4/29", "0.0.0.0",
        "1.2.3.a",
    ]

    private static func address(_ random: inout SeededRandom) -> String {
        (0..<4).map { _ in String(random.number(in: 0...255)) }.joined(separator: ".")
    }

    static let others = [
        ValuePool("uuid", odd: oddUUIDs, alphabet: "0123456789abcdefABCDEFgG@`-{} ") { random, _ in
            let parts = [8, 4, 4, 4, 12].map { hex(&random, $0) }
            return parts.joined(separator: random.oneIn(5) ? "" : "-")
        },
        ValuePool("bytea", odd: oddBytes, alphabet: "\\x0123abcdefABF g") { random, _ in
            "\\x" + hex(&random, 2 * random.number(in: 0...40))
        },
        ValuePool("inet", odd: oddAddresses, alphabet: "0123456789./:af ") { random, _ in
            address(&random) + (random.oneIn(2) ? "" : "/\(random.number(in: 0...32))")
        },
        ValuePool("cidr", odd: oddAddresses, alphabet: "0123456789./:af ") { random, _ in
            random.oneIn(2) ? address(&random) : "\(random.number(in: 0...255)).0.0.0/8"
        },
    ]
}
