@testable import SluiceCodec
import Testing

/// What a server sends for a value is what the encoder must write for its text.
@Suite struct BinaryValueTests {
    private static let utc = SessionTime(zoneIsUTC: true, knowsAbbreviations: true)
    private static let elsewhere = SessionTime(zoneIsUTC: false, knowsAbbreviations: false)

    /// The value's bytes in hexadecimal; nil: not sure.
    private func payload(_ text: String, _ type: BinaryType) -> String? {
        // No byte is markup, and a NULL is none of the texts.
        let dialect = Dialect(delimiter: 1, quoting: .none, null: [2])
        let encoded = BinaryEncoded(lines: [text], dialect: dialect, types: [type])
        guard let tuples = encoded.tuples, tuples.count + encoded.unsure.count == 1 else {
            return "not what COPY reads"
        }
        return tuples.first?[0]?.hex
    }

    @Test(arguments: [
        ("t", "01"), ("f", "00"), ("1", "01"), ("0", "00"), ("TRUE", "01"), ("fal", "00"),
        ("y", "01"), ("No", "00"), ("on", "01"), ("of", "00"), ("o", nil), ("2", nil), ("", nil),
        (" t", nil), ("truee", nil),
    ])
    func `bool: words, in any case, and their beginnings`(text: String, hex: String?) {
        #expect(payload(text, .bool) == hex)
    }

    @Test(
        arguments: [
            ("0", BinaryType.int2, "0000"), ("-32768", .int2, "8000"), ("32768", .int2, nil),
            ("2147483647", .int4, "7fffffff"), ("-2147483649", .int4, nil),
            ("+5", .int4, "00000005"),
            ("-0", .int4, "00000000"), ("007", .int4, "00000007"), ("0x1F", .int4, nil),
            ("1_000", .int4, nil), (" 5", .int4, nil), ("5 ", .int4, nil), ("", .int4, nil),
            ("-", .int4, nil), ("12a45678", .int4, nil),
            ("123456789", .int8, "00000000075bcd15"),
            ("9223372036854775807", .int8, "7fffffffffffffff"),
            ("9223372036854775808", .int8, nil),
            ("-9223372036854775808", .int8, "8000000000000000"),
            ("00000000000000000001", .int8, nil),
            ("4294967295", .oid, "ffffffff"), ("4294967296", .oid, nil), ("010", .oid, nil),
            ("-1", .oid, nil), ("0", .oid, "00000000"),
        ] as [(String, BinaryType, String?)])
    func `whole numbers: decimal digits within the type's range`(
        text: String, type: BinaryType, hex: String?
    ) {
        #expect(payload(text, type) == hex)
    }

    @Test(arguments: [
        ("0", "0000000000000000"), ("-0", "8000000000000000"), ("1.5", "3ff8000000000000"),
        ("1.", "3ff0000000000000"), (".5", "3fe0000000000000"), ("+15e-1", "3ff8000000000000"),
        ("1e23", "44b52d02c7e14af6"), ("9007199254740993", "4340000000000000"),
        ("9007199254740993.0000000000000000000001", "4340000000000001"),
        ("-inf", "fff0000000000000"), ("Infinity", "7ff0000000000000"), ("nan", "7ff8000000000000"),
        ("5e-324", "0000000000000001"), ("1e-400", nil), ("1e400", nil),
        ("0e-400", "0000000000000000"),
        ("0x1p3", nil), ("1e", nil), (".", nil), ("1e5 ", nil), ("", nil), ("1_0", nil),
    ])
    func `float8: rounded once, refused beyond its range`(text: String, hex: String?) {
        #expect(payload(text, .float8) == hex)
    }

    @Test(arguments: [
        ("0.1", "3dcccccd"), ("16777217", "4b800000"),
        ("16777217.00000000000000000001", "4b800001"),
        ("3.4028235e38", "7f7fffff"), ("3.4028236e38", nil), ("1e-46", nil), ("-1.5", "bfc00000"),
        // A tie, and a little more than one, which a Double can't tell from it.
        ("1.000000059604644775390625", "3f800000"), ("1.0000000596046447753906250001", "3f800001"),
    ])
    func `float4: rounded once, from the text`(text: String, hex: String?) {
        #expect(payload(text, .float4) == hex)
    }

    @Test(arguments: [
        ("0", "0000000000000000"), ("0.00", "0000000000000002"), ("-0.0", "0000000000000001"),
        ("1", "00010000000000000001"), ("-1", "00010000400000000001"),
        ("10000", "00010001000000000001"), ("9999.9999", "0002000000000004270f270f"),
        ("123456.789", "0003000100000003000c0d801ed2"), ("0.0001", "0001ffff000000040001"),
        ("0.00001", "0001fffe0000000503e8"), ("1.10", "0002000000000002000103e8"),
        (".5", "0001ffff000000011388"), ("5.", "00010000000000000005"),
        ("12300000000", "0001000200000000007b"), ("000012300000000", "0001000200000000007b"),
        ("NaN", "00000000c0000000"), ("1.5e3", "000100000000000005dc"),
        ("1.5e-3", "0001ffff00000004000f"), ("1e-5", "0001fffe0000000503e8"),
        ("0e5", "0000000000000000"), ("12e-1", "0002000000000001000107d0"),
        ("0.10e1", "00010000000000010001"), ("100e-2", "00010000000000020001"),
        ("1e20", "00010005000000000001"), ("1e65", nil), ("inf", nil), (".", nil), ("-", nil),
        ("1.2.3", nil), ("1.2.3e5", nil), (".+1e5", nil), (".e5", nil), ("1,5", nil), ("1_0", nil),
        ("0x10", nil), ("", nil), (" 1", nil),
    ])
    func `numeric: groups of four digits, and how many are behind the point`(
        text: String, hex: String?
    ) {
        #expect(payload(text, .numeric(nil)) == hex)
    }

    @Test(arguments: [
        ("999.99", 5, 2, true), ("999.994", 5, 2, false), ("899.999", 5, 2, true),
        ("1000", 5, 2, false), ("0001.5", 5, 2, true), ("99.999", 5, 2, true),
        ("0.99", 2, 2, true), ("0.999", 2, 2, false), ("0.00999", 3, 5, true),
        ("0.01", 3, 5, false),
        ("99499", 2, -3, false), ("89999", 2, -3, true), ("100000", 2, -3, false),
        ("0", 2, 2, true),
        ("NaN", 5, 2, true), ("1e2", 5, 2, true), ("1e3", 5, 2, false),
    ])
    func `numeric: what might overflow when it is rounded is not sure`(
        text: String, precision: Int, scale: Int, isSure: Bool
    ) {
        let bounds = NumericBounds(precision: precision, scale: scale)
        #expect((payload(text, .numeric(bounds)) != nil) == isSure)
    }

    @Test(arguments: [
        ("2000-01-01", "00000000"), ("1970-01-01", "ffffd533"), ("2024-02-29", "00002279"),
        ("0001-01-01", "fff4dbf9"), ("9999-12-31", "002c95d3"), ("0000-01-01", nil),
        ("2023-02-29", nil), ("1900-02-29", nil), ("2023-04-31", nil), ("2023-13-01", nil),
        ("2023-00-01", nil), ("2023-01-00", nil), ("2023-1-01", nil), ("2023/01/01", nil),
        ("01.02.2023", nil), ("2023-01-01 BC", nil), ("today", nil), ("", nil),
        ("2023-01-01 ", nil),
    ])
    func `date: ISO, four digits for the year`(text: String, hex: String?) {
        #expect(payload(text, .date) == hex)
    }

    @Test(arguments: [
        ("00:00", "0000000000000000"), ("12:34:56.789", "0000000a8be62608"),
        ("23:59:59.999999", "000000141dd75fff"), ("24:00:00", nil), ("12:34:60", nil),
        ("12:60", nil), ("12:34:56.", nil), ("1:02:03", nil), ("12:34:56 PM", nil),
        ("12:34:56Z", nil), ("00:00:00.0000004", "0000000000000000"),
        ("00:00:00.000000501", "0000000000000001"), ("00:00:00.0000005", nil),
        ("00:00:00.9999999", nil), ("00:00:00.1234567891", nil),
    ])
    func `time: to the nearest microsecond where that is clear`(text: String, hex: String?) {
        #expect(payload(text, .time) == hex)
    }

    @Test(arguments: [
        ("2024-02-29 12:34:56.123456", "0002b58341685e40"),
        ("1999-12-31T23:59:59", "fffffffffff0bdc0"), ("2000-01-01", "0000000000000000"),
        ("2000-01-01 00:00:00.123456789", "000000000001e241"),
        ("2000-01-01 00:00:00+05:30", "0000000000000000"),
        ("2000-01-01T00:00Z", "0000000000000000"),
        ("2000-01-01 00:00:00+16", nil), ("2000-01-01 00:00:00 EST", nil),
        ("2000-01-01 24:00", nil),
        ("2000-01-01 00:00:00 BC", nil), ("epoch", nil), ("2000-01-01  00:00", nil),
    ])
    func `timestamp: a zone is passed over`(text: String, hex: String?) {
        #expect(payload(text, .timestamp(Self.utc)) == hex)
    }

    @Test(arguments: [
        ("2024-02-29 12:34:56+05:30", utc, "0002b57ea53a7600"),
        ("2024-02-29 12:34:56 +0530", elsewhere, "0002b57ea53a7600"),
        ("2000-01-01T00:00Z", utc, "0000000000000000"),
        ("2000-01-01T00:00 UTC", utc, "0000000000000000"),
        ("2000-01-01T00:00Z", elsewhere, nil), ("2000-01-01", utc, "0000000000000000"),
        ("2000-01-01", elsewhere, nil), ("2000-01-01 00:00:00", elsewhere, nil),
        ("2000-01-01 00:00:00+00:60", utc, nil), ("2000-01-01 00:00:00+1", utc, nil),
        ("2000-01-01 00:00:00 Europe/Paris", utc, nil),
    ])
    func `timestamptz: without a zone only where that is UTC`(
        text: String, session: SessionTime, hex: String?
    ) {
        #expect(payload(text, .timestamptz(session)) == hex)
    }

    @Test(arguments: [
        ("12:34:56+02", elsewhere, "0000000a8bda1c00ffffe3e0"),
        ("12:34:56.5-05:30", elsewhere, "0000000a8be1bd2000004d58"),
        ("12:34:56", elsewhere, nil), ("00:00", utc, "000000000000000000000000"),
    ])
    func `timetz: seconds west of Greenwich`(text: String, session: SessionTime, hex: String?) {
        #expect(payload(text, .timetz(session)) == hex)
    }

    @Test(arguments: [
        ("1 year 2 mons 3 days 04:05:06.7", "000000036c966ee0000000030000000e"),
        ("P1Y2M3DT4H5M6.7S", "000000036c966ee0000000030000000e"),
        ("2 weeks", "00000000000000000000000e00000000"), ("-1 day", nil), ("1 day 1 day", nil),
        ("1.5 days", nil), ("5", nil), ("01:02", nil), ("P", nil), ("PT", nil), ("P1DT", nil),
        ("PT1M1H", nil), ("1 day ", nil), ("99999999 years", nil), ("", nil),
    ])
    func `interval: nothing negative, each unit once`(text: String, hex: String?) {
        #expect(payload(text, .interval) == hex)
    }

    @Test(
        arguments: [
            (
                "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", BinaryType.uuid,
                "a0eebc999c0b4ef8bb6d6bb9bd380a11"
            ),
            ("A0EEBC999C0B4EF8BB6D6BB9BD380A11", .uuid, "a0eebc999c0b4ef8bb6d6bb9bd380a11"),
            ("{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", .uuid, nil),
            ("g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", .uuid, nil),
            ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", .uuid, nil),
            ("\\x", .bytea, ""), ("\\xDEADbeef01", .bytea, "deadbeef01"), ("\\xabc", .bytea, nil),
            ("\\x0g", .bytea, nil), ("abc", .bytea, nil), ("", .bytea, ""), ("\\x00 ", .bytea, nil),
            ("10.1.2.3", .inet, "022000040a010203"), ("10.1.2.3/24", .inet, "021800040a010203"),
            ("10.1.2.0/24", .cidr, "021801040a010200"), ("10.1.2.3/24", .cidr, nil),
            ("0.0.0.0/0", .cidr, "0200010400000000"), ("10.1.2", .inet, nil), ("10/8", .cidr, nil),
            ("256.1.1.1", .inet, nil), ("1.2.3.04", .inet, nil), ("1.2.3.4/33", .inet, nil),
            ("::1", .inet, nil),
        ] as [(String, BinaryType, String?)])
    func `uuid, bytea, inet and cidr`(text: String, type: BinaryType, hex: String?) {
        #expect(payload(text, type) == hex)
    }

    @Test(arguments: [
        ("ééé", BinaryType.varchar(limit: 3), true), ("éééé", .varchar(limit: 3), false),
        ("abc ", .bpchar(limit: 3), false), ("abc ", .varchar(limit: nil), true),
        ("a\u{0}", .text, false), ("", .text, true), ("a", .char, true), ("é", .char, false),
        ("ab", .char, false), ("", .char, false), (String(repeating: "x", count: 63), .name, true),
        (String(repeating: "x", count: 64), .name, false),
        ("ok", .enumeration(labels: ["sad", "ok", "happy"]), true),
        ("happ", .enumeration(labels: ["sad", "ok", "happy"]), false),
        ("happyy", .enumeration(labels: ["sad", "ok", "happy"]), false),
    ])
    func `text: within its limit, as it is`(text: String, type: BinaryType, isSure: Bool) {
        #expect(payload(text, type) == (isSure ? Array(text.utf8).hex : nil))
    }

    @Test(arguments: [
        ("{}", true), (" [1, -2.5e3, \"a\\n\\u00e9\", null, {\"b\" : [true,false]}] ", true),
        ("\"\\u0000\"", false), ("\"\\ud83d\\ude00\"", false), ("01", false), ("1.", false),
        ("1e1000", false), ("[1,]", false), ("{\"a\":1,}", false), ("{\"a\"}", false),
        ("nul", false),
        ("\"a", false), ("\"\t\"", false), ("[1]]", false), ("[1}", false), ("", false),
        ("1 2", false),
        (String(repeating: "[", count: 64) + String(repeating: "]", count: 64), true),
        (String(repeating: "[", count: 65) + String(repeating: "]", count: 65), false),
    ])
    func `json: well formed, of the plainer kind`(text: String, isSure: Bool) {
        #expect(payload(text, .json) == (isSure ? Array(text.utf8).hex : nil))
        #expect(payload(text, .jsonb) == (isSure ? ([1] + Array(text.utf8)).hex : nil))
    }

    @Test func `a type is known by its OID and modifier`() {
        func type(_ oid: UInt32, _ typmod: Int32 = -1) -> BinaryType? {
            BinaryType(oid: oid, typmod: typmod, session: Self.utc)
        }
        #expect(type(1_700, 327_686) == .numeric(NumericBounds(precision: 5, scale: 2)))
        #expect(type(1_700, 133_121) == .numeric(NumericBounds(precision: 2, scale: -3)))
        #expect(type(1_700) == .numeric(nil))
        #expect(type(1_043, 9) == .varchar(limit: 5))
        #expect(type(1_042) == .bpchar(limit: nil))
        #expect(type(1_184, 3) == .timestamptz(Self.utc))
        #expect(type(1_186, 3 | 0x7FFF << 16) == .interval)
        // INTERVAL HOUR reads a bare number in its own way.
        #expect(type(1_186, 0xFFFF | 0x400 << 16) == nil)
        #expect(type(1_007) == .array(of: .int4, elementOID: 23))
        #expect(type(1_015, 9) == .array(of: .varchar(limit: 5), elementOID: 1_043))
        #expect(type(1_187, 0xFFFF | 0x400 << 16) == nil)
        for oid: UInt32 in [22, 30, 142, 790, 600, 1_001, 2_205, 16_400] {
            #expect(type(oid) == nil)
        }
    }

    // MARK: Arrays

    private static let int4Array = BinaryType.array(of: .int4, elementOID: 23)
    private static let textArray = BinaryType.array(of: .text, elementOID: 25)
    private static let jsonbArray = BinaryType.array(of: .jsonb, elementOID: 3_802)

    /// In hexadecimal: an array of one dimension, without NULLs.
    private static func array(_ elementOID: String, _ elements: [String]) -> String {
        func number(_ number: Int) -> String {
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }.hex
        }
        return number(1) + number(0) + elementOID + number(elements.count) + number(1)
            + elements.map { number($0.count / 2) + $0 }.joined()
    }

    @Test(arguments: [
        ("{}", "000000000000000000000017"),
        ("{7}", array("00000017", ["00000007"])),
        ("{1,-2,\"3\"}", array("00000017", ["00000001", "fffffffe", "00000003"])),
        ("", nil), ("{", nil), ("}", nil), ("1", nil), ("{,}", nil), ("{1,}", nil), ("{,1}", nil),
        ("{1,,2}", nil), ("{1,NULL}", nil), ("{null}", nil), ("{ 1}", nil), ("{1 }", nil),
        (" {1}", nil), ("{1} ", nil), ("{{1},{2}}", nil), ("{{}}", nil), ("{1}{2}", nil),
        ("{1,2147483648}", nil), ("[0:0]={1}", nil), ("{\"1}", nil), ("{\"}", nil), ("{\"1\"", nil),
        ("{\"1\"2}", nil), ("{\"1\\\"}", nil), ("{\"\\1\"}", nil), ("{\\1}", nil),
    ])
    func `arrays: of one dimension, without blanks and NULLs`(text: String, hex: String?) {
        #expect(payload(text, Self.int4Array) == hex)
    }

    @Test(
        arguments: [
            ("{a,é,\"\",\"NULL\",nulls}", ["61", "c3a9", "", "4e554c4c", "6e756c6c73"]),
            ("{\"a b\",\",\",\"{}\"}", ["612062", "2c", "7b7d"]),
            ("{\"\\\"\",\"\\\\\",\"\\a\"}", ["22", "5c", "61"]),
            ("{a b}", nil), ("{a\\b}", nil), ("{a\"b\"}", nil), ("{Null}", nil), ("{a\u{B}}", nil),
        ] as [(String, [String]?)])
    func `arrays of text: quoted and escaped as the server writes them`(
        text: String, elements: [String]?
    ) {
        #expect(payload(text, Self.textArray) == elements.map { Self.array("00000019", $0) })
    }

    @Test func `arrays of jsonb: each document with its version`() {
        #expect(
            payload("{1,\"{\\\"a\\\": [1]}\"}", Self.jsonbArray)
                == Self.array("00000eda", ["0131", "017b2261223a205b315d7d"]))
        #expect(payload("{\"{\\\"a\\\"}\"}", Self.jsonbArray) == nil)
    }

    @Test func `the powers of five are the known ones`() {
        let powers = PowersOfFive.shared
        #expect(powers[-342] == (0xEEF4_53D6_923B_D65A, 0x113F_AA29_06A1_3B3F))
        #expect(powers[-28] == (0xFD87_B5F2_8300_CA0D, 0x8BCA_9D6E_1888_53FC))
        #expect(powers[-1] == (0xCCCC_CCCC_CCCC_CCCC, 0xCCCC_CCCC_CCCC_CCCD))
        #expect(powers[0] == (0x8000_0000_0000_0000, 0))
        #expect(powers[308] == (0x8E67_9C2F_5E44_FF8F, 0x570F_09EA_A7EA_7648))
    }
}
