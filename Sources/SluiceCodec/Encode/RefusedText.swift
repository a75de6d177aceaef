/// What of a record the server does not take for text: the first byte that is not UTF-8, or NUL,
/// and what COPY would send behind it, up to 8 bytes; nil: it takes all of it.
///
/// A field without a column is not sent, so that it does not matter. Not for the hot path.
public func refusedText(
    of record: RecordBounds, in bytes: UnsafeRawBufferPointer, layout: RecordLayout
) -> [UInt8]? {
    guard let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
        !isText(record, of: FieldText(start, count: bytes.count))
    else { return nil }
    return refusedBytes(of: sentText(of: record, in: bytes, layout: layout))
}

private func isText(_ record: RecordBounds, of input: FieldText) -> Bool {
    let text = input.part(record)
    guard Int(record.end) + FieldText.slack > input.count else { return TextCheck.isText(text) }
    let copy = withSlack(UnsafeBufferPointer(start: text.start, count: text.count))
    return copy.withUnsafeBufferPointer {
        TextCheck.isText(FieldText($0.baseAddress!, count: text.count))  // Never empty.
    }
}

/// The check reads on behind its text: for one that has nothing there.
private func withSlack(_ text: some Collection<UInt8>) -> [UInt8] {
    text + [UInt8](repeating: 0, count: FieldText.slack)
}

/// What the text lane sends.
private func sentText(
    of record: RecordBounds, in bytes: UnsafeRawBufferPointer, layout: RecordLayout
) -> [UInt8] {
    var encoder = TextEncoder(layout: layout)
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4_096)
    var isFinished = false
    while !isFinished {
        let progress = withUnsafePointer(to: record) { record in
            piece.withUnsafeMutableBytes { piece in
                encoder.encode(
                    UnsafeBufferPointer(start: record, count: 1), of: bytes, into: piece)
            }
        }
        text += piece[..<progress.written]
        isFinished = progress.isFinished
    }
    return text
}

private func refusedBytes(of text: [UInt8]) -> [UInt8]? {
    withSlack(text).withUnsafeBufferPointer { readable in
        var position = 0
        while position < text.count {
            let length = min(characterLength(text[position]), text.count - position)
            let character = FieldText(readable.baseAddress! + position, count: length)
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
