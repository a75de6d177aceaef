import FuzzSupport
import SluiceCodec

/// Every type that has an encoder, with what makes a difference to it.
enum ValueType {
    static let all = scalars + scalars.map { .array(of: $0, elementOID: 1) }

    private static let scalars: [BinaryType] =
        [
            .bool, .int2, .int4, .int8, .oid, .float4, .float8, .numeric(nil), .date, .time,
            .interval, .uuid, .text, .char, .name, .json, .jsonb, .bytea, .inet, .cidr,
            .varchar(limit: nil), .varchar(limit: 3), .bpchar(limit: 20),
            .enumeration(labels: ["", "a", "ab", "é", "on"]),
        ] + numerics + sessions.flatMap { [.timetz($0), .timestamp($0), .timestamptz($0)] }

    private static let numerics: [BinaryType] = [
        (12, 2), (3, 3), (5, -2), (2, 6), (1_000, 1_000), (1_000, -1_000),
    ].map { .numeric(NumericBounds(precision: $0, scale: $1)) }

    private static let sessions = [true, false].map {
        SessionTime(zoneIsUTC: $0, knowsAbbreviations: $0)
    }

    /// A text that some type takes, or nearly.
    static func text(_ random: inout SeededRandom) -> [UInt8] {
        var bytes = Array(random.pick(texts).utf8)
        if random.oneIn(3), !bytes.isEmpty {
            bytes[random.number(in: 0...bytes.count - 1)] = UInt8(random.number(in: 0x20...0x7E))
        }
        return bytes
    }

    private static let texts = [
        "t", "false", "0", "-32768", "2147483647", "-9223372036854775808", "18446744073709551616",
        "4294967295", "1.5", "-0.0", "1e308", "4.9e-324", "2.2250738585072011e-308", "NaN",
        "-Infinity", "9007199254740993", "0.1234567890123456789012345678901234567890", "1e-400",
        "123456789.99", "-99999999999999999999.000000000000000000001", "1e131072", "0e0",
        "2024-02-29", "1582-10-15", "infinity", "0001-01-01 BC", "294276-12-31", "23:59:60",
        "24:00:00", "12:34:56.789012+02:30", "2024-02-29 12:34:56.123456", "2024-02-29T12:34:56Z",
        "2024-02-29 00:00:00-15:59:59", "1 year 2 mons -3 days 04:05:06.7", "-1:00:00",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}",
        "\\xDEADbeef", "plain \\134 text", "{\"a\": [1, -2.5e3, true, null, \"\\u00e9\\n\"]}",
        "[[[[[[[[[]]]]]]]]]", "\"\\ud83d\\ude00\"", "10.0.0.0/8", "192.168.1.255", "::1",
        "2001:db8::/32", "1.2.3.4/33", "{}", "{1,-2,3}", "{t,f}", "{1.5,\"2\",-1e3}", "{1,NULL}",
        "{2024-02-29,\"2024-02-29 12:34:56.5\"}", "{a,\"b c\",\"\\\"\\\\\",\"\",é}", "{{1},{2}}",
        "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "{\"{\\\"a\\\": [1]}\",true}",
        "{1.2.3.4,10.0.0.0/8}",
        "é", "日本語", "ab", "   padded   ", "",
    ]
}
