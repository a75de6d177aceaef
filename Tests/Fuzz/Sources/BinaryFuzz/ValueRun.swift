import FuzzSupport
import SluiceCodec

/// Values encoded as records of one field.
struct ValueRun: Equatable {
    static let delimiter: UInt8 = 1
    private static let quote = UInt8(ascii: "\"")
    private static let header =
        Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A] + [UInt8](repeating: 0, count: 9)
    private static let trailer: [UInt8] = [0xFF, 0xFF]

    private(set) var bytes: [UInt8] = []
    private(set) var unsure: [UInt32] = []

    /// - Parameters:
    ///   - slack: bytes behind the records that may be read.
    ///   - isQuoted: in quotes, those inside doubled; else no byte is markup.
    ///   - offsetBase: what the places before the values count from; nil: there are none.
    init(
        _ values: [[UInt8]], _ type: BinaryType, slack: Int, piece: Int = 1 << 16,
        isQuoted: Bool = false, offsetBase: Int? = nil
    ) {
        let dialect = Dialect(
            delimiter: Self.delimiter, quoting: isQuoted ? .standard : .none,
            null: [Self.delimiter])
        var encoder = BinaryEncoder(
            layout: RecordLayout(dialect: dialect, fields: [FieldEncoding()]), types: [type],
            offsetBase: offsetBase)
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
    func isWellFormed(of count: Int) -> Bool { fields(of: count) != nil }

    /// What it would be with the values' places before them, and some values more left out.
    func bytes(of values: [[UInt8]], offsetBase: Int, without unsure: [UInt32]) -> [UInt8]? {
        var fields = fields(of: values.count)?[...]
        var (bytes, place) = (Self.header, offsetBase)
        let (mine, others) = (Set(self.unsure), Set(unsure))
        for (index, value) in values.enumerated() {
            let field = mine.contains(UInt32(index)) ? nil : fields?.popFirst()
            if let field, !others.contains(UInt32(index)) {
                bytes += [0, 2, 0, 0, 0, 8]
                withUnsafeBytes(of: place.bigEndian) { bytes += $0 }
                bytes += field
            }
            place += value.count
        }
        return fields?.isEmpty == true ? bytes + Self.trailer : nil
    }

    /// The length and the bytes of each sure value; nil: it is malformed.
    private func fields(of count: Int) -> [ArraySlice<UInt8>]? {
        var (rest, fields) = (bytes[...], [ArraySlice<UInt8>]())
        guard rest.starts(with: Self.header) else { return nil }
        rest = rest.dropFirst(Self.header.count)
        for _ in unsure.count..<count {
            guard rest.starts(with: [0, 1]), rest.count >= 6 else { return nil }
            let length = rest.dropFirst(2).prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard length <= rest.count - 6 else { return nil }
            fields.append(rest.dropFirst(2).prefix(4 + length))
            rest = rest.dropFirst(6 + length)
        }
        return rest.elementsEqual(Self.trailer) ? fields : nil
    }
}
