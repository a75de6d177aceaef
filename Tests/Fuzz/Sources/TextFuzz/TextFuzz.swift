import FuzzSupport
import SluiceCodec
import SluiceCore

/// Records of any bytes: in pieces of any length their text is the same, and says the values.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var choices = Choices(start, count)
    let layout = layout(&choices)
    let kind = choices.number(below: 4)
    let piece = Int(choices.byte()) + (kind == 0 ? 3 : 20)
    let slack = choices.pick([0, 64, 63, 1, 200])
    let input = choices.data
    let records = scan(input, layout)
    let prefix = prefix(kind, of: records, inputLength: input.count)
    let held = ExactBuffer(input + [UInt8](repeating: 0x2C, count: slack))
    let encode = { (room: Int) in
        encodeText(records, held.readOnly, TextEncoder(layout: layout, prefix: prefix), room)
    }
    let text = encode(piece)
    let whole = encode(input.count * 8 + 1_024)
    expect(text == whole, "piece \(piece): \(text.told), not \(whole.told): \(input.told)")
    let wanted = values(of: records, held.readOnly, layout, prefix)
    let found = decode(text)
    expect(found == wanted, "\(layout): \(text.told), not \(wanted): \(input.told)")
    for record in records { checkRefusal(record, held.readOnly, layout) }
    return 0
}

/// What is refused of a record is in what would be sent: the first byte that no text has there.
private func checkRefusal(
    _ record: RecordBounds, _ bytes: UnsafeRawBufferPointer, _ layout: RecordLayout
) {
    let text = encodeText([record], bytes, TextEncoder(layout: layout), 1 << 13)
    let refused = refusedText(of: record, in: bytes, layout: layout)
    let isText = String(validating: text, as: UTF8.self) != nil && !text.contains(0)
    expect((refused == nil) == isText, "\(layout): \(text.told), refused: \(refused ?? [])")
}

private func layout(_ choices: inout Choices) -> RecordLayout {
    var dialect = choices.dialect()
    dialect.maxRecordBytes = .mebibytes(1)
    let fields = (0...choices.number(below: 8)).map { _ in
        let bits = choices.byte()
        return FieldEncoding(
            isDropped: bits & 7 == 7, forcesNull: bits & 8 != 0, forcesNotNull: bits & 16 != 0)
    }
    return RecordLayout(dialect: dialect, fields: fields)
}

/// The last one has as many digits as there can be.
private func prefix(_ kind: Int, of records: [RecordBounds], inputLength: Int) -> RecordPrefix {
    switch kind {
    case 1: .numbers(records.indices.map { UInt32($0 * 977) })
    case 2: .offsets(base: 0)
    case 3: .offsets(base: Int.max - inputLength)
    default: .none
    }
}

private func scan(_ input: [UInt8], _ layout: RecordLayout) -> [RecordBounds] {
    var scanner = RecordScanner(
        dialect: layout.dialect, width: layout.width, hasHeader: false, recovers: true)
    return withUnsafeTemporaryAllocation(of: RecordBounds.self, capacity: input.count + 64) {
        var index = RecordIndex(bounds: $0)
        _ = input.withUnsafeBytes { scanner.scan($0, isFinal: true, into: &index) }
        return Array(index.records)
    }
}

private func encodeText(
    _ records: [RecordBounds], _ bytes: UnsafeRawBufferPointer, _ encoder: TextEncoder,
    _ room: Int
) -> [UInt8] {
    var (encoder, text, isFinished) = (encoder, [UInt8](), false)
    encoder.begin()
    while !isFinished {
        let piece = ExactBuffer(count: room)
        let progress = records.withUnsafeBufferPointer {
            encoder.encode($0, of: bytes, into: piece.bytes)
        }
        expect(progress.isFinished || progress.written > 0, "no progress")
        text += piece.bytes[..<progress.written]
        isFinished = progress.isFinished
    }
    return text
}

// MARK: What the text should say

private func values(
    of records: [RecordBounds], _ bytes: UnsafeRawBufferPointer, _ layout: RecordLayout,
    _ prefix: RecordPrefix
) -> [[[UInt8]?]] {
    records.indices.map { index in
        let fields = fieldValues(
            of: records[index], in: bytes, width: layout.width, dialect: layout.dialect)
        expect(fields.count == layout.width, "scanner and splitter count apart")
        let kept = zip(fields, layout.fields).filter { !$1.isDropped }.map { field, encoding in
            field.value(encoding, null: layout.dialect.null)
        }
        // What is written for no field reads as one.
        return prefix.values(of: records[index], at: index) + (kept.isEmpty ? [[]] : kept)
    }
}

extension RecordPrefix {
    fileprivate func values(of record: RecordBounds, at index: Int) -> [[UInt8]?] {
        switch self {
        case .none: []
        case .numbers(let numbers): [Array(String(numbers[index]).utf8)]
        case .offsets(let base): [Array(String(base + Int(record.start)).utf8)]
        }
    }
}

extension FieldValue {
    fileprivate func value(_ encoding: FieldEncoding, null: [UInt8]) -> [UInt8]? {
        let mayBeNull = isQuoted ? encoding.forcesNull : !encoding.forcesNotNull
        return mayBeNull && bytes == null ? nil : bytes
    }
}

/// Reads COPY's text format as the server does.
private func decode(_ text: [UInt8]) -> [[[UInt8]?]] {
    text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast().map {
        $0.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map(decodeField)
    }
}

private func decodeField(_ field: ArraySlice<UInt8>) -> [UInt8]? {
    if field.elementsEqual("\\N".utf8) { return nil }
    let letters = Dictionary(uniqueKeysWithValues: zip("nrt\\".utf8, "\n\r\t\\".utf8))
    var (value, isEscaped) = ([UInt8](), false)
    for byte in field {
        if isEscaped {
            expect(letters[byte] != nil, "no letter for an escape: \(field.told)")
            value.append(letters[byte]!)  // Just seen.
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else {
            value.append(byte)
        }
    }
    return value
}

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer
) -> CInt {
    writeSeeds { random in
        let csv = HostileCSV.copyable(&random, insideQuotes: random.oneIn(3))
        guard let chosen = ChosenDialect(csv.dialect) else { return nil }
        let width = csv.columns.count
        let fields = (0..<width).map { _ in UInt8(random.number(in: 0...255)) }
        let rest = (0..<3).map { _ in UInt8(random.number(in: 0...255)) }
        return chosen.choices + [UInt8(width - 1)] + fields + rest + csv.bytes
    }
    return 0
}
