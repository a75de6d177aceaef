/// Whole numbers and truth values.
enum IntegerEncoding {
    @inline(__always)
    static func int8(_ text: FieldText) -> Int64? {
        short(text) ?? long(text, maximum: 1 << 63 - 1)
    }

    @inline(__always)
    static func int4(_ text: FieldText) -> Int32? {
        guard let number = short(text) ?? long(text, maximum: 1 << 31 - 1) else { return nil }
        return Int32(truncatingIfNeeded: number)
    }

    @inline(__always)
    static func int2(_ text: FieldText) -> Int16? {
        guard let number = short(text) ?? long(text, maximum: 1 << 15 - 1) else { return nil }
        return Int16(exactly: number)
    }

    /// Up to eight digits, perhaps behind a minus; without a branch on that, which comes by chance.
    @inline(__always)
    private static func short(_ text: FieldText) -> Int64? {
        let minus = text.begins(with: .minus)
        let digits = text.dropFirst(Int(truncatingIfNeeded: minus))
        guard UInt(bitPattern: digits.count &- 1) < 8,
            let size = Digits.upToEight(digits.start, digits.count)
        else { return nil }
        return signed(size, minus)
    }

    /// - Parameter maximum: what the type's greatest number is.
    @inline(__always)
    private static func long(_ text: FieldText, maximum: UInt64) -> Int64? {
        let minus = text.begins(with: .minus)
        let digits = text.dropFirst(Int(truncatingIfNeeded: minus | text.begins(with: .plus)))
        guard let size = Digits.number(digits), size <= maximum &+ minus else { return nil }
        return signed(size, minus)
    }

    /// - Parameter minus: 1 or 0.
    @inline(__always)
    private static func signed(_ size: UInt64, _ minus: UInt64) -> Int64 {
        Int64(bitPattern: (size ^ (0 &- minus)) &+ minus)
    }

    /// Newer servers take a leading zero for octal.
    @inline(__always)
    static func oid(_ text: FieldText) -> UInt32? {
        guard text.count == 1 || text[0] != .zero, let number = Digits.number(text) else {
            return nil
        }
        return UInt32(exactly: number)
    }

    /// As the server: the words and their beginnings, where these can't mean the other one.
    @inline(__always)
    static func truth(_ text: FieldText) -> UInt8? {
        guard text.count == 1 else { return word(text) }
        // No branch on what comes by chance: a product is 0 where one of its factors is.
        let byte = text[0]
        let notTrue = UInt64(byte ^ UInt8(ascii: "t")) &* UInt64(byte ^ UInt8(ascii: "1"))
        let notFalse = UInt64(byte ^ UInt8(ascii: "f")) &* UInt64(byte ^ .zero)
        guard notTrue &* notFalse == 0 else { return word(text) }
        return UInt8(truncatingIfNeeded: (notTrue &- 1) >> 63)
    }

    @inline(never)
    private static func word(_ text: FieldText) -> UInt8? {
        guard text.count > 0 else { return nil }
        switch text[0].lowercased {
        case UInt8(ascii: "t"): return text.begins("true") ? 1 : nil
        case UInt8(ascii: "f"): return text.begins("false") ? 0 : nil
        case UInt8(ascii: "y"): return text.begins("yes") ? 1 : nil
        case UInt8(ascii: "n"): return text.begins("no") ? 0 : nil
        case UInt8(ascii: "o") where text.count > 1:
            return text.begins("on") ? 1 : text.begins("off") ? 0 : nil
        default: return nil
        }
    }
}

extension FieldText {
    /// 1 or 0: whether the first byte, which may be one behind the text, is this one.
    @inline(__always)
    fileprivate func begins(with byte: UInt8) -> UInt64 {
        (UInt64(start[0] ^ byte) &- 1) >> 63
    }

    /// Whether `word`, which has small letters only, begins with this text, in any case.
    func begins(_ word: StaticString) -> Bool {
        guard count <= word.utf8CodeUnitCount else { return false }
        for index in 0..<count where start[index].lowercased != word.utf8Start[index] {
            return false
        }
        return true
    }

    /// Whether this text is `word`, which has small letters only, in any case.
    func isWord(_ word: StaticString) -> Bool {
        count == word.utf8CodeUnitCount && begins(word)
    }
}
