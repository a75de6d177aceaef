import SluiceCodec

/// About a megabyte of records, and what their columns are.
struct RecordSet: Sendable {
    static let count = 10_000

    let name: String
    let bytes: [UInt8]
    let types: [BinaryType?]

    init(_ name: String, types: [BinaryType?], record: (Int) -> String) {
        self.name = name
        self.types = types
        // Encoders may read a little beyond a value.
        bytes = Array((0..<Self.count).map { record($0) + "\n" }.joined().utf8)
    }

    private static let session = SessionTime(zoneIsUTC: true, knowsAbbreviations: true)

    static let all = [
        RecordSet(
            "typed",
            types: [
                .int8, .int4, .bool, .float8, .numeric(nil), .date, .timestamp(session), .uuid,
                .varchar(limit: 40),
            ]
        ) { n in
            "\(n * 7_919),\(n),\(n % 2 == 0 ? "t" : "f"),\(Double(n) * 1.37),\(n % 9_999).\(10 + n % 90),"
                + "2024-0\(1 + n % 9)-1\(n % 9),2024-03-1\(n % 9) 12:34:5\(n % 9).123456,"
                + "a0eebc99-9c0b-4ef8-bb6d-6bb9bd38\(1_000 + n % 9_000),customer number \(n)"
        },
        RecordSet("quoted", types: [.int4, .text, .text]) { n in
            "\(n),\"said \"\"hello\"\", number \(n)\",\"two\nlines, and more text\""
        },
        RecordSet("narrow", types: [.int4, .int4, .int4, .int4, .int4]) { n in
            "\(n),\(n * 3),\(n % 17),\(n * 11),\(n % 1_000)"
        },
    ]

    private var layout: RecordLayout {
        RecordLayout(dialect: Dialect(), fields: types.map { _ in FieldEncoding() })
    }

    func scan(_ engine: RecordScanner.Engine) -> [RecordBounds] {
        var scanner = RecordScanner(
            dialect: Dialect(), width: types.count, hasHeader: false, recovers: false,
            engine: engine)
        return withUnsafeTemporaryAllocation(
            of: RecordBounds.self, capacity: Self.count + 64
        ) { bounds in
            var index = RecordIndex(bounds: bounds)
            bytes.withUnsafeBytes { _ = scanner.scan($0, isFinal: true, into: &index) }
            return Array(index.records)
        }
    }

    /// - Returns: how many bytes came out.
    func encode(_ records: [RecordBounds], types: [BinaryType?]) -> Int {
        var layout = layout
        for (field, type) in types.enumerated() { layout.fields[field].isDropped = type == nil }
        var encoder = BinaryEncoder(layout: layout, types: types)
        var unsure: [UInt32] = []
        return drain { bytes, piece in
            records.withUnsafeBufferPointer {
                encoder.encode($0, of: bytes, into: piece, unsure: &unsure)
            }
        }
    }

    func encodeText(_ records: [RecordBounds]) -> Int {
        var encoder = TextEncoder(layout: layout)
        return drain { bytes, piece in
            records.withUnsafeBufferPointer { encoder.encode($0, of: bytes, into: piece) }
        }
    }

    private func drain(
        _ encode: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer)
            -> (written: Int, isFinished: Bool)
    ) -> Int {
        bytes.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(byteCount: 256 << 10, alignment: 64) { piece in
                var total = 0
                while true {
                    let progress = encode(bytes, piece)
                    total += progress.written
                    if progress.isFinished { return total }
                }
            }
        }
    }
}

/// What a column of one type holds.
struct ColumnValue: Sendable {
    let name: String
    let set: RecordSet

    init(_ name: String, _ type: BinaryType, _ value: (Int) -> String) {
        self.name = name
        // Two columns: a line of one could be blank.
        set = RecordSet(name, types: [type, nil]) { value($0) + "," }
    }

    private static let session = SessionTime(zoneIsUTC: true, knowsAbbreviations: true)

    static let all = [
        ColumnValue("bool", .bool) { $0 % 2 == 0 ? "t" : "false" },
        ColumnValue("int4", .int4) { String($0 * 7_919) },
        ColumnValue("int8", .int8) { String($0 * 7_919_000_003) },
        ColumnValue("float8", .float8) { String(Double($0) * 1.37) },
        ColumnValue("numeric", .numeric(nil)) { "\($0 % 99_999).\(10 + $0 % 90)" },
        ColumnValue("date", .date) { "2024-0\(1 + $0 % 9)-1\($0 % 9)" },
        ColumnValue("time", .time) { "12:34:5\($0 % 9).123" },
        ColumnValue("timestamp", .timestamp(session)) { "2024-03-1\($0 % 9) 12:34:5\($0 % 9)" },
        ColumnValue("timestamptz", .timestamptz(session)) { "2024-03-1\($0 % 9) 12:34:50+02" },
        ColumnValue("interval", .interval) { "\($0 % 99) days 02:03:04" },
        ColumnValue("uuid", .uuid) { "a0eebc99-9c0b-4ef8-bb6d-6bb9bd38\(1_000 + $0 % 9_000)" },
        ColumnValue("text", .text) { "customer number \($0)" },
        ColumnValue("varchar", .varchar(limit: 40)) { "customer number \($0)" },
        ColumnValue("json", .json) { "\"{\"\"a\"\":\($0)}\"" },
        ColumnValue("jsonb", .jsonb) { "\"{\"\"a\"\":\($0)}\"" },
        ColumnValue("bytea", .bytea) { "\\xdeadbeef\(1_000 + $0 % 9_000)" },
        ColumnValue("inet", .inet) { "10.1.2.\($0 % 256)" },
    ]
}
