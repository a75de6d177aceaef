/// What of a record the server does not take for text: the first byte that is not UTF-8, or NUL,
/// and what COPY would send behind it, up to 8 bytes; nil: it takes all of it.
///
/// A field without a column is not sent, so that it does not matter. Not for the hot path.
public func refusedText(
    of record: RecordBounds, in bytes: UnsafeRawBufferPointer, layout: RecordLayout
) -> [UInt8]? {
    guard let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
        !TextCheck.isText(FieldText(start, count: bytes.count).part(record))
    else { return nil }
    let fields = fieldValues(of: record, in: bytes, width: layout.width, dialect: layout.dialect)
    let sent = zip(fields, layout.fields).filter { !$0.1.isDropped }.map(\.0.bytes)
    return refusedBytes(of: Array(sent.joined(separator: [.tab])) + [.lineFeed])
}

private func refusedBytes(of text: [UInt8]) -> [UInt8]? {
    text.withUnsafeBufferPointer { text in
        var position = 0
        while position < text.count {
            let length = min(characterLength(text[position]), text.count - position)
            let character = FieldText(text.baseAddress! + position, count: length)
            guard TextCheck.isText(character) else {
                return Array(text[position..<min(position + 8, text.count)])
            }
            position += length
        }
        return nil
    }
}

/// By its first byte; 1 where that is none.
private func characterLength(_ lead: UInt8) -> Int {
    switch lead {
    case 0xC0...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF7: 4
    default: 1
    }
}
