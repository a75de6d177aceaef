import SluiceCodec

/// CSV from a seed, without a header, and where its records lie.
struct Input: Sendable {
    static let seed: UInt64 = 42
    /// About as long as a batch.
    private static let length = 4 << 20
    /// Bytes that may be read behind the records, as in a slot.
    private static let slack = 64

    let name: String
    let types: [BinaryType]
    /// Slack included.
    let bytes: [UInt8]
    /// Slack not included.
    let byteCount: Int
    let records: [RecordBounds]

    var dialect: Dialect { Dialect() }

    /// As many records as make up the length.
    init(_ name: String, _ types: [BinaryType], record: (Int, inout SeededRandom) -> String) {
        self.name = name
        self.types = types
        var (bytes, count, random) = ([UInt8](), 0, SeededRandom(seed: Self.seed))
        while bytes.count < Self.length {
            count += 1
            bytes += Array(record(count, &random).utf8) + [UInt8(ascii: "\n")]
        }
        byteCount = bytes.count
        self.bytes = bytes + [UInt8](repeating: 0, count: Self.slack)
        var storage = [RecordBounds](repeating: RecordBounds(start: 0, end: 0), count: count)
        let found = storage.withUnsafeMutableBufferPointer { storage in
            bytes.withUnsafeBytes { bytes in
                scan(bytes, width: types.count, .reference, into: storage)
            }
        }
        precondition(found == count, "a generator made what is no record")
        records = storage
    }
}

/// Scans a whole input, and answers how many records there are.
func scan(
    _ bytes: UnsafeRawBufferPointer, width: Int, _ engine: RecordScanner.Engine,
    into storage: UnsafeMutableBufferPointer<RecordBounds>
) -> Int {
    var scanner = RecordScanner(
        dialect: Dialect(), width: width, hasHeader: false, recovers: false, engine: engine)
    var index = RecordIndex(bounds: storage)
    _ = scanner.scan(bytes, isFinal: true, into: &index)
    return index.count
}
