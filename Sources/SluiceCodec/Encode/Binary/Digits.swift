/// Decimal digits as numbers, eight at a time.
///
/// A word holds a digit's value in each byte, the first digit in the lowest.
enum Digits {
    static let zeros: UInt64 = 0x3030_3030_3030_3030

    /// A bit in each byte that is no digit; true of the lowest of them, those above may err.
    @inline(__always)
    static func strays(_ word: UInt64) -> UInt64 {
        (word | (word &+ 0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080
    }

    /// The number that eight digits make.
    @inline(__always)
    static func value(_ word: UInt64) -> UInt64 {
        let pairs = word &* 10 &+ word >> 8
        // The first and the third pair, and the second and the fourth, with what each counts.
        let outer = (pairs & 0x0000_00FF_0000_00FF) &* (100 + 1_000_000 << 32)
        let inner = (pairs >> 16 & 0x0000_00FF_0000_00FF) &* (1 + 10_000 << 32)
        return (outer &+ inner) >> 32
    }

    /// Eight digits as two numbers of four, each in 16 bits, the first one in the upper.
    @inline(__always)
    static func fours(_ word: UInt64) -> UInt64 {
        let pairs = (word &* 10 &+ word >> 8) & 0x00FF_00FF_00FF_00FF
        let fours = pairs &* 100 &+ pairs >> 16
        return (fours & 0xFFFF) << 16 | fours >> 32 & 0xFFFF
    }

    /// The number in one to eight bytes; nil: not all are digits.
    @inline(__always)
    static func upToEight(_ start: UnsafePointer<UInt8>, _ count: Int) -> UInt64? {
        // As `last`, for which 0 takes a comparison more.
        let word = (start.word ^ zeros) &<< UInt64(truncatingIfNeeded: 64 &- 8 &* count)
        return strays(word) == 0 ? value(word) : nil
    }

    /// The number in 1 to 19 bytes; nil: others, or not all are digits.
    @inline(__always)
    static func number(_ text: FieldText) -> UInt64? {
        let (start, count) = (text.start, text.count)
        guard count > 8 else { return count > 0 ? upToEight(start, count) : nil }
        guard count <= 19 else { return nil }
        guard count > 16 else {
            guard let upper = upToEight(start, count - 8),
                let lower = upToEight(start + (count - 8), 8)
            else { return nil }
            return upper &* 100_000_000 &+ lower
        }
        guard let upper = upToEight(start, count - 16),
            let middle = upToEight(start + (count - 16), 8),
            let lower = upToEight(start + (count - 8), 8)
        else { return nil }
        return (upper &* 100_000_000 &+ middle) &* 100_000_000 &+ lower
    }

    /// How many bytes there are before the first point, up to eight.
    @inline(__always)
    static func firstPoint(_ word: UInt64) -> Int {
        let points = word ^ 0x2E2E_2E2E_2E2E_2E2E
        let zeros = (points &- 0x0101_0101_0101_0101) & ~points & 0x8080_8080_8080_8080
        return zeros.trailingZeroBitCount / 8
    }

    /// What stands before and behind a point among the first eight bytes of a text, in bytes; without
    /// one all stands before it.
    @inline(__always)
    static func point(in word: UInt64, _ count: Int) -> (point: Int, scale: Int) {
        let first = firstPoint(word)
        return first < count ? (first, count &- first &- 1) : (count, 0)
    }

    /// How many digits a text begins with, up to eight.
    @inline(__always)
    static func leading(_ word: UInt64) -> Int { strays(word).trailingZeroBitCount / 8 }

    /// As many of the first digits as are wanted, and zeros before them.
    @inline(__always)
    static func last(_ count: Int, _ word: UInt64) -> UInt64 {
        // In halves, since a shift by all 64 bits would be one by none.
        let half = UInt64(truncatingIfNeeded: 32 &- 4 &* count)
        return (word &<< half) &<< half
    }

    /// As many of the first digits as are wanted, and zeros behind them.
    @inline(__always)
    static func first(_ count: Int, _ word: UInt64) -> UInt64 {
        let half = UInt64(truncatingIfNeeded: 4 &* count)
        return word & ~((UInt64.max &<< half) &<< half)
    }

    /// The number in one to four bytes; nil: not all are digits.
    ///
    /// - Parameter isAligned: the first digit counts thousands, however few there are.
    @inline(__always)
    static func upToFour(
        _ start: UnsafePointer<UInt8>, _ count: Int, isAligned: Bool
    ) -> UInt32? {
        var word = start.halfWord ^ UInt32(truncatingIfNeeded: zeros)
        let absent = UInt32(truncatingIfNeeded: 32 - 8 * count)
        word = isAligned ? word & (UInt32.max &>> absent) : word &<< absent
        guard (word | (word &+ 0x7676_7676)) & 0x8080_8080 == 0 else { return nil }
        let pairs = (word &* 10 &+ word >> 8) & 0x00FF_00FF
        return (pairs & 0xFF) &* 100 &+ pairs >> 16
    }
}
