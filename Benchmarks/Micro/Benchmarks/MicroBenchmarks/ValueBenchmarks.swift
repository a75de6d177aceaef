import Benchmark
import SluiceCodec

/// Every encoder alone: records of one field, which are split and written too.
func valueBenchmarks() {
    for (name, type, text) in Values.all {
        Benchmark("value/\(name)") { benchmark, input in
            BinaryPass(input, input.types).measure(benchmark, values: input.records.count)
        } setup: {
            Input(name, [type]) { _, random in text(&random) }
        }
    }
}

/// Of each type, as usual columns hold them.
private enum Values {
    typealias Text = @Sendable (inout SeededRandom) -> String

    static let all: [(name: String, type: BinaryType, text: Text)] =
        numbers + times + texts + arrays

    private static let numbers: [(String, BinaryType, Text)] = [
        ("bool", .bool, { $0.pick(["t", "f", "true", "false"]) }),
        ("int2", .int2, { $0.integer(bits: 15) }),
        ("int4", .int4, { $0.integer(bits: 31) }),
        ("int8", .int8, { $0.integer(bits: 62) }),
        ("oid", .oid, { "\($0.number(in: 0...99_999))" }),
        ("float4", .float4, { $0.float }),
        ("float8", .float8, { $0.double }),
        ("numeric", .numeric(nil), { $0.decimal }),
        ("numeric(12,2)", .numeric(NumericBounds(precision: 12, scale: 2)), { $0.decimal }),
    ]

    private static let times: [(String, BinaryType, Text)] = [
        ("date", .date, { $0.date }),
        ("time", .time, { $0.time }),
        ("timetz", .timetz(.utc), { $0.time + "+00" }),
        ("timestamp", .timestamp(.utc), { $0.timestamp }),
        ("timestamptz", .timestamptz(.utc), { $0.timestamp + "+00" }),
        ("interval", .interval, { "\($0.number(in: 1...400)) days \($0.time)" }),
    ]

    private static let texts: [(String, BinaryType, Text)] = [
        ("uuid", .uuid, { $0.uuid }),
        ("text", .text, { $0.hex(24) }),
        ("text, not ASCII", .text, { "Gerät läuft " + $0.hex(8) }),
        ("text, quoted", .text, { "\"then \"\"\($0.hex(8))\"\", at last\"" }),
        ("varchar(20)", .varchar(limit: 20), { "sensor-" + $0.hex(6) }),
        ("bpchar(8)", .bpchar(limit: 8), { $0.hex(8) }),
        ("\"char\"", .char, { $0.pick(["a", "b", "c"]) }),
        ("name", .name, { "column_" + $0.hex(4) }),
        ("json", .json, { "\"{\"\"a\"\": \($0.integer(bits: 20)), \"\"b\"\": [true, null]}\"" }),
        ("jsonb", .jsonb, { "\"{\"\"a\"\": \($0.integer(bits: 20)), \"\"b\"\": [true, null]}\"" }),
        ("bytea", .bytea, { "\\x" + $0.hex(32) }),
        ("inet", .inet, { $0.address }),
        ("cidr", .cidr, { "10.\($0.number(in: 0...255)).0.0/16" }),
        ("enum", .enumeration(labels: labels), { $0.pick(labels) }),
    ]

    private static let arrays: [(String, BinaryType, Text)] = [
        ("int4[]", .array(of: .int4, elementOID: 23), { $0.array { $0.integer(bits: 31) } }),
        ("text[]", .array(of: .text, elementOID: 25), { $0.array { "\"\"two \($0.hex(8))\"\"" } }),
    ]

    private static let labels = ["new", "paid", "packed", "sent", "delivered", "returned"]
}

extension SeededRandom {
    /// Of four elements, in a quoted field.
    fileprivate mutating func array(of element: (inout SeededRandom) -> String) -> String {
        "\"{" + (0..<4).map { _ in element(&self) }.joined(separator: ",") + "}\""
    }

    fileprivate var address: String {
        mutating get { (0..<4).map { _ in "\(number(in: 0...255))" }.joined(separator: ".") }
    }
}
