import CKernels

/// Takes the quoting out of a field, piece by piece.
struct FieldDecoder: Sendable {
    private let quote: UInt8
    private let escape: UInt8
    /// Inside quotes two of them are one, whatever the escape is.
    private let doublesQuotes: Bool

    init(dialect: Dialect) {
        quote = dialect.quote
        escape = dialect.escape
        onlyDoubles = dialect.quoting == .standard && dialect.escape == dialect.quote
        doublesQuotes = dialect.quoting != .copy || dialect.escape == dialect.quote
    }

    /// Whether `byte` may be more than itself in a field with quotes.
    func isSpecial(_ byte: UInt8) -> Bool { byte == quote || byte == escape }

    /// Whether inside quotes a quote can only stand beside its double, and all else is itself.
    let onlyDoubles: Bool

    /// Of 64 bytes the special ones: bit i stands for byte i.
    @inline(__always)
    func specials(in bytes: UnsafePointer<UInt8>) -> UInt64 {
        let escapes = escape == quote ? 0 : sluice_equal64(bytes, escape)
        return sluice_equal64(bytes, quote) | escapes
    }

    /// Reads a special byte at `position` and moves on; answers the byte meant, nil for none.
    ///
    /// - Parameter isQuoted: whether `position` is inside quotes, with `toggled` spans.
    @inline(__always)
    func decode(
        _ bytes: UnsafePointer<UInt8>, at position: inout Int, of field: FieldSpan,
        isQuoted: inout Bool
    ) -> UInt8? {
        let byte = bytes[position]
        position += 1
        switch field.form {
        case .plain, .quoted:
            return byte
        case .escaped:
            return decodeInside(byte, bytes, at: &position, end: Int(field.end)) ?? byte
        case .toggled:
            if isQuoted {
                let inside = decodeInside(byte, bytes, at: &position, end: Int(field.end))
                if inside == nil { isQuoted = false }
                return inside
            }
            isQuoted = byte == quote
            return isQuoted ? nil : byte
        }
    }

    /// nil: a quote that stands alone.
    @inline(__always)
    private func decodeInside(
        _ byte: UInt8, _ bytes: UnsafePointer<UInt8>, at position: inout Int, end: Int
    ) -> UInt8? {
        let next = position < end ? bytes[position] : nil
        let isPair =
            (byte == escape && (next == quote || next == escape))
            || (doublesQuotes && byte == quote && next == quote)
        guard isPair else { return byte == quote ? nil : byte }
        position += 1
        return next
    }

    /// Whether the field's value is `value`.
    func value(
        of field: FieldSpan, in bytes: UnsafePointer<UInt8>, equals value: [UInt8]
    ) -> Bool {
        var position = Int(field.start)
        var isQuoted = false
        var matched = 0
        while position < Int(field.end) {
            let byte: UInt8?
            if isSpecial(bytes[position]) {
                byte = decode(bytes, at: &position, of: field, isQuoted: &isQuoted)
            } else {
                byte = bytes[position]
                position += 1
            }
            guard let byte else { continue }
            guard matched < value.count, value[matched] == byte else { return false }
            matched += 1
        }
        return matched == value.count
    }

    /// The field's value.
    func value(of field: FieldSpan, in bytes: UnsafePointer<UInt8>) -> [UInt8] {
        var position = Int(field.start)
        var isQuoted = false
        var value: [UInt8] = []
        while position < Int(field.end) {
            if isSpecial(bytes[position]) {
                let byte = decode(bytes, at: &position, of: field, isQuoted: &isQuoted)
                if let byte { value.append(byte) }
            } else {
                value.append(bytes[position])
                position += 1
            }
        }
        return value
    }
}
