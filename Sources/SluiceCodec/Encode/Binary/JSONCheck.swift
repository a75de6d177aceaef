/// Whether a text is JSON, of the kind that every server takes.
///
/// What nests deep, or has numbers or escapes that jsonb might refuse, is left to the server.
struct JSONCheck {
    private static let depthMax = 64
    private static let numberLengthMax = 100

    private let text: FieldText
    private var position = 0
    private var depth = 0
    /// A bit for each level, the innermost one lowest: whether it is an object.
    private var objects: UInt64 = 0

    static func accepts(_ text: FieldText) -> Bool {
        var check = JSONCheck(text: text)
        return check.run()
    }

    private init(text: FieldText) { self.text = text }

    private mutating func run() -> Bool {
        while true {
            guard readValue() else { return false }
            // Behind a value come the ends of what it is in, and then a comma.
            while true {
                skipBlanks()
                guard depth > 0 else { return position == text.count }
                let isObject = objects & 1 == 1
                if take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    leave()
                    continue
                }
                guard take(UInt8(ascii: ",")), !isObject || readKey() else { return false }
                break
            }
        }
    }

    /// A scalar, an empty array or object, or the beginning of one up to its first value's end.
    private mutating func readValue() -> Bool {
        while true {
            skipBlanks()
            guard position < text.count else { return false }
            switch text[position] {
            case UInt8(ascii: "{"):
                guard enter(isObject: true) else { return false }
                if takeEnd(UInt8(ascii: "}")) { return true }
                guard readKey() else { return false }
            case UInt8(ascii: "["):
                guard enter(isObject: false) else { return false }
                if takeEnd(UInt8(ascii: "]")) { return true }
            case UInt8(ascii: "\""): return readString()
            case UInt8(ascii: "t"): return readWord("true")
            case UInt8(ascii: "f"): return readWord("false")
            case UInt8(ascii: "n"): return readWord("null")
            default: return readNumber()
            }
        }
    }

    private mutating func enter(isObject: Bool) -> Bool {
        position += 1
        depth += 1
        objects = objects << 1 | (isObject ? 1 : 0)
        return depth <= Self.depthMax
    }

    private mutating func leave() {
        depth -= 1
        objects >>= 1
    }

    private mutating func takeEnd(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard take(byte) else { return false }
        leave()
        return true
    }

    private mutating func readKey() -> Bool {
        skipBlanks()
        guard position < text.count, text[position] == UInt8(ascii: "\""), readString() else {
            return false
        }
        skipBlanks()
        return take(.colon)
    }

    private mutating func readString() -> Bool {
        position += 1
        while position < text.count {
            let byte = text[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return true }
            guard byte >= 0x20 else { return false }
            if byte == .backslash, !readEscape() { return false }
        }
        return false
    }

    private mutating func readEscape() -> Bool {
        guard position < text.count else { return false }
        let byte = text[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), .backslash, UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        case UInt8(ascii: "u"):
            return readCodePoint()
        default:
            return false
        }
    }

    /// Four digits; not NUL, and no half of a surrogate pair.
    private mutating func readCodePoint() -> Bool {
        guard position + 4 <= text.count else { return false }
        var code: UInt32 = 0
        for index in position..<position + 4 {
            let byte = text[index]
            let letter = byte.lowercased &- UInt8(ascii: "a")
            guard byte.isDigit || letter < 6 else { return false }
            code = code << 4 | UInt32(byte.isDigit ? byte &- .zero : letter &+ 10)
        }
        position += 4
        return code != 0 && code & 0xF800 != 0xD800
    }

    private mutating func readWord(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard position + count <= text.count else { return false }
        for index in 0..<count where text[position + index] != word.utf8Start[index] {
            return false
        }
        position += count
        return true
    }

    private mutating func readNumber() -> Bool {
        let start = position
        _ = take(.minus)
        if !take(.zero), takeDigits() == 0 { return false }
        if take(.point), takeDigits() == 0 { return false }
        if position < text.count, text[position].lowercased == UInt8(ascii: "e") {
            position += 1
            if !take(.minus) { _ = take(.plus) }
            guard (1...3).contains(takeDigits()) else { return false }
        }
        return position - start <= Self.numberLengthMax
    }

    private mutating func takeDigits() -> Int {
        let start = position
        while position < text.count, text[position].isDigit { position += 1 }
        return position - start
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < text.count, text[position] == byte else { return false }
        position += 1
        return true
    }

    @inline(__always)
    private mutating func skipBlanks() {
        while position < text.count {
            switch text[position] {
            case .space, .tab, .lineFeed, .carriageReturn: position += 1
            default: return
            }
        }
    }
}
