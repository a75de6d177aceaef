/// Writes records in COPY's text format, into pieces that may be cut at any byte.
///
/// A value's backslash, tab, line feed and carriage return are escaped, so that a line `\.` is
/// data on every server; NULL is `\N`.
public struct TextEncoder {
    /// A delimiter and a NULL.
    static let leastPiece = 3
    /// The digits of any number, and a delimiter.
    static let leastPrefixedPiece = 20

    let layout: RecordLayout
    private let splitter: FieldSplitter
    private let decoder: FieldDecoder
    /// True where a byte can't simply be copied.
    private let isSpecial: [Bool]

    private let prefix: RecordPrefix

    private var spans: [FieldSpan]
    private var cursor = Cursor()

    /// Where the next byte comes from.
    private struct Cursor {
        var record = 0
        var field = 0
        /// nil: at the field's start, its delimiter unwritten.
        var position: Int?
        var isQuoted = false
        /// Whether a field of this record has been written.
        var hasWritten = false
        var hasPrefix = false
    }

    public init(layout: RecordLayout, prefix: RecordPrefix = .none) {
        self.layout = layout
        self.prefix = prefix
        let decoder = FieldDecoder(dialect: layout.dialect)
        self.decoder = decoder
        splitter = FieldSplitter(dialect: layout.dialect)
        spans = Array(repeating: FieldSpan(0, 0, .plain), count: layout.width)
        isSpecial = (0...UInt8.max).map { decoder.isSpecial($0) || Self.escapeLetter($0) != nil }
    }

    /// Begins anew, at the first of some records.
    public mutating func begin() {
        cursor = Cursor()
    }

    /// Writes on where the last call stopped, until `piece` is full or the records are done.
    ///
    /// - Parameters:
    ///   - bytes: what the records' bounds count from; the same at each call since `begin()`.
    ///   - piece: room for at least `leastPiece` bytes, with a prefix `leastPrefixedPiece`.
    /// - Returns: the bytes written, and whether all records are.
    public mutating func encode(
        _ records: UnsafeBufferPointer<RecordBounds>, of bytes: UnsafeRawBufferPointer,
        into piece: UnsafeMutableRawBufferPointer
    ) -> (written: Int, isFinished: Bool) {
        precondition(
            piece.count >= (prefix == .none ? Self.leastPiece : Self.leastPrefixedPiece))
        let readable = bytes.count
        guard let bytes = bytes.assumingMemoryBound(to: UInt8.self).baseAddress else {
            return (0, true)
        }
        var output = Output(piece)
        while cursor.record < records.count {
            if cursor.field == 0, cursor.position == nil {
                let record = records[cursor.record]
                guard writePrefix(of: record, into: &output) else { return (output.count, false) }
                spans.withUnsafeMutableBufferPointer { spans in
                    var isUsual = true
                    _ = splitter.split(
                        bytes, readable: readable, record, into: spans.baseAddress!,
                        isUsual: &isUsual)
                }
                if isPlain(record, of: bytes, readable: readable, room: output.room),
                    let count = spans.withUnsafeBufferPointer({
                        encodePlain($0, of: bytes, into: output.end)
                    })
                {
                    output.advance(by: count)
                    cursor.record += 1
                    cursor.hasPrefix = false
                    continue
                }
            }
            guard encodeRecord(bytes, into: &output) else {
                return (output.count, false)
            }
            cursor.record += 1
            cursor.field = 0
            cursor.hasWritten = false
            cursor.hasPrefix = false
        }
        return (output.count, true)
    }

    /// False: the piece is full.
    private mutating func writePrefix(
        of record: RecordBounds, into output: inout Output
    ) -> Bool {
        if cursor.hasPrefix { return true }
        switch prefix {
        case .none: return true
        case .numbers(let numbers): cursor.hasPrefix = write(numbers[cursor.record], to: &output)
        case .offsets(let base): cursor.hasPrefix = write(base + Int(record.start), to: &output)
        }
        return cursor.hasPrefix
    }

    /// False: the piece is full.
    private func write(_ number: some BinaryInteger, to output: inout Output) -> Bool {
        let digits = String(number).utf8
        guard output.room > digits.count else { return false }
        for digit in digits { output.append(digit) }
        output.append(.tab)
        return true
    }

    /// False: the piece is full.
    private mutating func encodeRecord(
        _ bytes: UnsafePointer<UInt8>, into output: inout Output
    ) -> Bool {
        while cursor.field < spans.count {
            if !layout.fields[cursor.field].isDropped {
                guard encodeField(bytes, into: &output) else { return false }
            }
            cursor.field += 1
        }
        guard output.room >= 1 else { return false }
        output.append(.lineFeed)
        return true
    }

    private mutating func encodeField(
        _ bytes: UnsafePointer<UInt8>, into output: inout Output
    ) -> Bool {
        let span = spans[cursor.field]
        if cursor.position == nil {
            guard output.room >= Self.leastPiece else { return false }
            if cursor.hasWritten { output.append(.tab) }
            cursor.hasWritten = true
            if isNull(span, layout.fields[cursor.field], bytes) {
                output.append(.backslash)
                output.append(UInt8(ascii: "N"))
                return true
            }
            cursor.position = Int(span.start)
            cursor.isQuoted = false
        }
        guard encodeValue(of: span, bytes, into: &output) else { return false }
        cursor.position = nil
        return true
    }

    @inline(__always)
    func isNull(
        _ span: FieldSpan, _ encoding: FieldEncoding, _ bytes: UnsafePointer<UInt8>
    ) -> Bool {
        let null = layout.dialect.null
        if span.form == .plain {
            guard !encoding.forcesNotNull, Int(span.end - span.start) == null.count else {
                return false
            }
            return null.isEmpty || decoder.value(of: span, in: bytes, equals: null)
        }
        return encoding.forcesNull && decoder.value(of: span, in: bytes, equals: null)
    }

    private mutating func encodeValue(
        of span: FieldSpan, _ bytes: UnsafePointer<UInt8>, into output: inout Output
    ) -> Bool {
        var position = cursor.position!
        defer { cursor.position = position }
        let end = Int(span.end)
        while position < end {
            let run = ordinaryRun(bytes, from: position, to: min(end, position + output.room))
            output.append(bytes + position, count: run)
            position += run
            if position == end { break }
            guard output.room >= 2 else { return false }
            if !isSpecial[Int(bytes[position])] { continue }
            let byte = decoder.decode(
                bytes, at: &position, of: span, isQuoted: &cursor.isQuoted)
            if let byte { output.appendEscaped(byte) }
        }
        return true
    }

    @inline(__always)
    private func ordinaryRun(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int
    ) -> Int {
        isSpecial.withUnsafeBufferPointer { isSpecial in
            var position = start
            while position < end, !isSpecial[Int(bytes[position])] { position += 1 }
            return position - start
        }
    }

    /// The letter that stands behind a backslash for this byte.
    fileprivate static func escapeLetter(_ byte: UInt8) -> UInt8? {
        switch byte {
        case .backslash: .backslash
        case .tab: UInt8(ascii: "t")
        case .lineFeed: UInt8(ascii: "n")
        case .carriageReturn: UInt8(ascii: "r")
        default: nil
        }
    }
}

/// A piece that is being filled.
private struct Output {
    private let base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private let capacity: Int

    init(_ piece: UnsafeMutableRawBufferPointer) {
        base = piece.assumingMemoryBound(to: UInt8.self).baseAddress!
        capacity = piece.count
    }

    var room: Int { capacity - count }
    var end: UnsafeMutablePointer<UInt8> { base + count }

    @inline(__always)
    mutating func advance(by added: Int) {
        precondition(added <= room)
        count += added
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        precondition(count < capacity)
        base[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafePointer<UInt8>, count added: Int) {
        precondition(added <= room)
        (base + count).update(from: bytes, count: added)
        count += added
    }

    @inline(__always)
    mutating func appendEscaped(_ byte: UInt8) {
        if let letter = TextEncoder.escapeLetter(byte) {
            append(.backslash)
            append(letter)
        } else {
            append(byte)
        }
    }
}
