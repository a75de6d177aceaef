/// Arrays of one dimension, in the form in which the server writes them.
enum ArrayEncoding {
    /// Dimensions, flags, the elements' type, and of a dimension its length and its first index.
    static let headerLength = 20
    /// Before each element.
    static let lengthBytes = 4
    private static let emptyLength = 12
    private static let hasNulls: Int32 = 0
    private static let firstIndex: Int32 = 1

    /// Writes an array without elements, which has no dimension, and answers how long it is.
    static func writeEmpty(elementOID: UInt32, to output: UnsafeMutablePointer<UInt8>) -> Int {
        writeStart(dimensions: 0, elementOID, to: output)
        return emptyLength
    }

    /// Writes what stands before the elements.
    static func writeHeader(
        elementOID: UInt32, count: Int, to output: UnsafeMutablePointer<UInt8>
    ) {
        writeStart(dimensions: 1, elementOID, to: output)
        (output + 12).store(Int32(truncatingIfNeeded: count))
        (output + 16).store(firstIndex)
    }

    private static func writeStart(
        dimensions: Int32, _ elementOID: UInt32, to output: UnsafeMutablePointer<UInt8>
    ) {
        output.store(dimensions)
        (output + 4).store(hasNulls)
        (output + 8).store(elementOID)
    }
}

/// An array's text, from which one element is taken after the other.
struct ArrayText {
    struct Element {
        let text: FieldText
        /// In quotes, with a backslash before some bytes.
        let isEscaped: Bool
    }

    /// From the next element on, with the brace that closes the array.
    private var rest: FieldText

    /// nil: not in braces.
    init?(_ text: FieldText) {
        guard text.count >= 2, text[0] == .openingBrace, text[text.count - 1] == .closingBrace
        else { return nil }
        rest = text.dropFirst()
    }

    /// Of an empty array, or behind its last element.
    var isAtEnd: Bool { rest.count <= 1 }

    /// nil: not sure, as of NULL, of blanks and of braces in braces.
    mutating func next() -> Element? {
        rest[0] == .quotationMark ? nextQuoted() : nextPlain()
    }

    private mutating func nextPlain() -> Element? {
        var count = 0
        while count < rest.count - 1, rest[count] != .comma {
            guard rest[count].isPlainInArrays else { return nil }
            count += 1
        }
        let text = FieldText(rest.start, count: count)
        guard count > 0, !text.isWord("null"), drop(count) else { return nil }
        return Element(text: text, isEscaped: false)
    }

    private mutating func nextQuoted() -> Element? {
        let start = rest.start + 1
        var (count, isEscaped) = (0, false)
        while start[count] != .quotationMark {
            if start[count] == .backslash {
                isEscaped = true
                count += 1
            }
            count += 1
            // The quote, and a brace.
            guard count + 3 <= rest.count else { return nil }
        }
        guard drop(count + 2) else { return nil }
        return Element(text: FieldText(start, count: count), isEscaped: isEscaped)
    }

    /// Passes over an element and the comma behind it; false: another one is missing, or there is
    /// neither comma nor brace.
    private mutating func drop(_ count: Int) -> Bool {
        rest = rest.dropFirst(count)
        if rest.count == 1 { return true }
        guard rest.count > 1, rest[0] == .comma else { return false }
        rest = rest.dropFirst()
        return rest.count > 1
    }
}

extension ArrayText.Element {
    /// Writes the text without its backslashes, and answers how long it is.
    func unescape(into output: UnsafeMutablePointer<UInt8>) -> Int {
        var (position, count) = (0, 0)
        while position < text.count {
            if text[position] == .backslash { position += 1 }
            output[count] = text[position]
            position += 1
            count += 1
        }
        return count
    }
}

extension UInt8 {
    fileprivate static let comma = UInt8(ascii: ",")
    fileprivate static let quotationMark = UInt8(ascii: "\"")
    fileprivate static let openingBrace = UInt8(ascii: "{")
    fileprivate static let closingBrace = UInt8(ascii: "}")

    /// Whether it may stand without quotes, wherever in an element: what the server passes over at
    /// its ends may not.
    fileprivate var isPlainInArrays: Bool {
        switch self {
        case .space, 9...13, .quotationMark, .backslash, .openingBrace, .closingBrace: false
        default: true
        }
    }
}
