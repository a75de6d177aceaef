import CKernels

/// uuid and bytea.
enum HexEncoding {
    /// With hyphens in their usual places, or without any.
    @inline(__always)
    static func uuid(_ text: FieldText, into output: UnsafeMutablePointer<UInt8>) -> Bool {
        let start = text.start
        let words: (UInt64, UInt64, UInt64, UInt64)
        if text.count == 36 {
            guard
                start[8] == .minus, start[13] == .minus, start[18] == .minus, start[23] == .minus
            else { return false }
            words = (
                start.word,
                UInt64((start + 9).halfWord) | UInt64((start + 14).halfWord) << 32,
                UInt64((start + 19).halfWord) | UInt64((start + 24).halfWord) << 32,
                (start + 28).word
            )
        } else {
            guard text.count == 32 else { return false }
            words = (start.word, (start + 8).word, (start + 16).word, (start + 24).word)
        }
        return sluice_hex_bytes(words.0, words.1, words.2, words.3, output) != 0
    }

    /// `\x` and pairs of digits; or nothing.
    static func bytea(_ text: FieldText, into output: UnsafeMutablePointer<UInt8>) -> Int? {
        guard text.count > 0 else { return 0 }
        guard text.count >= 2, text.count % 2 == 0, text[0] == .backslash,
            text[1] == UInt8(ascii: "x")
        else { return nil }
        let digits = text.dropFirst(2)
        var position = 0
        while position + 8 <= digits.count {
            let word = (digits.start + position).word
            guard isHex(word) == allValid else { return nil }
            (output + position / 2).store(bytes(word))
            position += 8
        }
        guard position < digits.count else { return digits.count / 2 }
        let left = UInt64(8 * (digits.count - position))
        let word = (digits.start + position).word & ((1 << left) - 1) | Digits.zeros << left
        guard isHex(word) == allValid else { return nil }
        // The room behind is ours.
        (output + position / 2).store(bytes(word))
        return digits.count / 2
    }

    private static let allValid: UInt64 = 0x8080_8080_8080_8080

    /// The upper bit of each byte that is a hexadecimal digit.
    @inline(__always)
    private static func isHex(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let sevenBits = word & ~allValid
        let small = sevenBits | 0x20 &* ones
        let isDigit = (sevenBits &+ 0x50 &* ones) & ~(sevenBits &+ 0x46 &* ones)
        let isLetter = (small &+ 0x1F &* ones) & ~(small &+ 0x19 &* ones)
        return (isDigit | isLetter) & ~word & allValid
    }

    /// Four bytes out of eight digits, the first one the highest.
    @inline(__always)
    private static func bytes(_ word: UInt64) -> UInt32 {
        let letters = word >> 6 & 0x0101_0101_0101_0101
        let digits = word & 0x0F0F_0F0F_0F0F_0F0F &+ letters &* 9
        let pairs = (digits << 4 | digits >> 8) & 0x00FF_00FF_00FF_00FF
        let fours = (pairs | pairs >> 8) & 0x0000_FFFF_0000_FFFF
        return UInt32(truncatingIfNeeded: fours | fours >> 16).byteSwapped
    }
}
