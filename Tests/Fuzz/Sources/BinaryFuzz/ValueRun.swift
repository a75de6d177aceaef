import FuzzSupport
import SluiceCodec

/// Values encoded as records of one field.
struct ValueRun: Equatable {
    static let delimiter: UInt8 = 1
    private static let quote = UInt8(ascii: "\"")
    private static let header =
        Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A] + [UInt8](repeating: 0, count: 9)

    private(set) var bytes: [UInt8] = []
    private(set) var unsure: [UInt32] = []

    /// - Parameters:
    ///   - slack: bytes behind the records that may be read.
    ///   - isQuoted: in quotes, those inside doubled; else no byte is markup.
    init(
        _ values: [[UInt8]], _ type: BinaryType, slack: Int, piece: Int = 1 << 16,
        isQuoted: Bool = false
    ) {
        let dialect = Dialect(
            delimiter: Self.delimiter, quoting: isQuoted ? .standard : .none,
            null: [Self.delimiter])
        var encoder = BinaryEncoder(
            layout: RecordLayout(dialect: dialect, fields: [FieldEncoding()]), types: [type])
        let fields = isQuoted ? values.map(Self.quoted) : values
        var (input, records): ([UInt8], [RecordBounds]) = ([], [])
        for field in fields {
            let start = UInt32(input.count)
            input += field
            records.append(RecordBounds(start: start, end: UInt32(input.count)))
        }
        encoder.begin()
        let held = ExactBuffer(input + [UInt8](repeating: UInt8(ascii: "7"), count: slack))
        while !encode(&encoder, records, held.readOnly, piece) {}
    }

    private mutating func encode(
        _ encoder: inout BinaryEncoder, _ records: [RecordBounds],
        _ bytes: UnsafeRawBufferPointer, _ length: Int
    ) -> Bool {
        let piece = ExactBuffer(count: length)
        let progress = records.withUnsafeBufferPointer {
            encoder.encode($0, of: bytes, into: piece.bytes, unsure: &unsure)
        }
        expect(progress.isFinished || progress.written > 0, "no progress")
        self.bytes += piece.bytes[..<progress.written]
        return progress.isFinished
    }

    private static func quoted(_ value: [UInt8]) -> [UInt8] {
        [quote] + value.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    }

    /// Whether it is a header, a tuple of one field for each sure value, and a trailer.
    func isWellFormed(of count: Int) -> Bool {
        var rest = bytes[...]
        guard rest.starts(with: Self.header) else { return false }
        rest = rest.dropFirst(Self.header.count)
        for _ in unsure.count..<count {
            guard rest.starts(with: [0, 1]), rest.count >= 6 else { return false }
            let length = rest.dropFirst(2).prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard length <= rest.count - 6 else { return false }
            rest = rest.dropFirst(6 + length)
        }
        return rest.elementsEqual([0xFF, 0xFF])
    }
}
