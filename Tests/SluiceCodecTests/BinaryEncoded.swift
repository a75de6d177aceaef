@testable import SluiceCodec

/// What the binary encoder makes of some records.
struct BinaryEncoded {
    private(set) var bytes: [UInt8] = []
    private(set) var unsure: [UInt32] = []
    /// How long each piece is.
    private(set) var pieces: [Int] = []

    /// - Parameter slack: bytes behind the records that may be read.
    init(
        _ input: [UInt8], _ records: [RecordBounds], dialect: Dialect = Dialect(),
        fields: [FieldEncoding]? = nil, types: [BinaryType?], pieceLength: Int = 262_144,
        slack: Int = 64, offsetBase: Int? = nil
    ) {
        let fields = fields ?? types.map { FieldEncoding(isDropped: $0 == nil) }
        var encoder = BinaryEncoder(
            layout: RecordLayout(dialect: dialect, fields: fields), types: types,
            offsetBase: offsetBase)
        encoder.begin()
        var piece = [UInt8](repeating: 0xAA, count: pieceLength)
        let readable = input + Array(repeating: UInt8(ascii: "7"), count: slack)
        var isFinished = false
        while !isFinished {
            let written = records.withUnsafeBufferPointer { records in
                readable.withUnsafeBytes { input in
                    piece.withUnsafeMutableBytes { piece in
                        let progress = encoder.encode(
                            records, of: input, into: piece, unsure: &unsure)
                        isFinished = progress.isFinished
                        return progress.written
                    }
                }
            }
            bytes += piece[..<written]
            pieces.append(written)
        }
    }

    /// Records that stand one behind the other, each with a line feed.
    init(
        lines: [String], dialect: Dialect = Dialect(), fields: [FieldEncoding]? = nil,
        types: [BinaryType?], pieceLength: Int = 262_144, slack: Int = 64,
        offsetBase: Int? = nil
    ) {
        var (input, records): ([UInt8], [RecordBounds]) = ([], [])
        for line in lines {
            records.append(RecordBounds(input.count, input.count + line.utf8.count))
            input += Array(line.utf8) + [.lineFeed]
        }
        self.init(
            input, records, dialect: dialect, fields: fields, types: types,
            pieceLength: pieceLength, slack: slack, offsetBase: offsetBase)
    }

    /// The fields of each tuple; nil stands for NULL, or where all is not as COPY reads it.
    var tuples: [[[UInt8]?]]? {
        var rest = bytes[...]
        guard rest.starts(with: Self.header) else { return nil }
        rest = rest.dropFirst(Self.header.count)
        var tuples: [[[UInt8]?]] = []
        while let fieldCount = Self.takeNumber(2, &rest) {
            if fieldCount == 0xFFFF { return rest.isEmpty ? tuples : nil }
            var tuple: [[UInt8]?] = []
            for _ in 0..<fieldCount {
                guard let length = Self.takeNumber(4, &rest) else { return nil }
                if length == 0xFFFF_FFFF {
                    tuple.append(nil)
                } else {
                    guard length <= rest.count else { return nil }
                    tuple.append(Array(rest.prefix(length)))
                    rest = rest.dropFirst(length)
                }
            }
            tuples.append(tuple)
        }
        return nil
    }

    static let header = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A] + Array(repeating: 0, count: 9)

    private static func takeNumber(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> Int? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
    }
}

extension [UInt8] {
    var hex: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
