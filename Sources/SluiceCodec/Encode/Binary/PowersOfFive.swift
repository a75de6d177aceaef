/// The upper 128 bits of 5^-342 to 5^308, and what can be rounded by them.
///
/// After D. Lemire, "Number parsing at a gigabyte per second", 2021, and N. Mushtak and D. Lemire,
/// "Fast number parsing without fallback", 2022.
// Unchecked because of its pointer: the table is written once, before anybody has it.
struct PowersOfFive: @unchecked Sendable {
    // Written before it is shared, and never freed.
    private let words: UnsafePointer<UInt64>
    /// 1 to 1e8.
    let whole: UnsafePointer<UInt64>
    /// 1 to 1e22.
    let double: UnsafePointer<Double>

    private static let least = -342
    private static let greatest = 308

    static let shared = PowersOfFive()

    private init() {
        let words = UnsafeMutablePointer<UInt64>.allocate(
            capacity: 2 * (Self.greatest - Self.least + 1))
        for (index, power) in (Self.negativePowers() + Self.positivePowers()).enumerated() {
            words[2 * index] = power.upper
            words[2 * index + 1] = power.lower
        }
        self.words = UnsafePointer(words)
        whole = Self.powersOfTen(through: 8)
        double = Self.powersOfTen(through: 22)
    }

    subscript(exponent: Int) -> (upper: UInt64, lower: UInt64) {
        let index = 2 * (exponent - Self.least)
        return (words[index], words[index + 1])
    }

    private static func powersOfTen<Number: Numeric>(
        through last: Int
    ) -> UnsafePointer<Number> {
        let powers = UnsafeMutablePointer<Number>.allocate(capacity: last + 1)
        var power: Number = 1
        for index in 0...last {
            (powers + index).initialize(to: power)
            power *= 10
        }
        return UnsafePointer(powers)
    }

    /// The bits, without a sign, of `mantissa` times ten to the `exponent`.
    ///
    /// - Parameters:
    ///   - mantissa: not 0.
    ///   - explicitBits: of the type's mantissa.
    ///   - leastExponent: of the type, less the one that stands for 0.
    ///   - tiesFrom: the least and the greatest exponent with which a tie is possible.
    /// - Returns: nil: not in the type's normal range, or undecided.
    @inline(__always)
    func round(
        _ mantissa: UInt64, _ exponent: Int, explicitBits: Int, leastExponent: Int,
        tiesFrom: Int, to tiesTo: Int
    ) -> UInt64? {
        guard exponent >= Self.least, exponent <= Self.greatest else { return nil }
        let zeros = mantissa.leadingZeroBitCount
        let product = product(
            mantissa &<< UInt64(zeros), exponent, mask: .max >> (explicitBits + 3))
        if product.low == .max, exponent < -27 || exponent > 55 { return nil }
        let upperBit = Int(product.high >> 63)
        let shift = UInt64(truncatingIfNeeded: upperBit + 64 - explicitBits - 3)
        var bits = product.high &>> shift
        // 217,706 / 2^16 is a little less than the binary logarithm of ten.
        var power = (217_706 &* exponent) >> 16 &+ 63 &+ upperBit &- zeros &- leastExponent
        guard power > 0 else { return nil }
        let mayTie = product.low <= 1 && exponent >= tiesFrom && exponent <= tiesTo
        if mayTie, bits & 3 == 1, bits &<< shift == product.high { bits &= ~1 }
        bits = (bits &+ bits & 1) >> 1
        if bits >= 2 << UInt64(explicitBits) {
            bits = 1 << UInt64(explicitBits)
            power &+= 1
        }
        guard power < 1 - 2 * leastExponent else { return nil }
        return bits & ~(1 << UInt64(explicitBits)) | UInt64(power) << UInt64(explicitBits)
    }

    /// The upper 128 bits of a product, as far as they are needed.
    @inline(__always)
    private func product(
        _ mantissa: UInt64, _ exponent: Int, mask: UInt64
    ) -> (high: UInt64, low: UInt64) {
        let index = 2 * (exponent - Self.least)
        var (high, low) = mantissa.multipliedFullWidth(by: words[index])
        if high & mask == mask {
            let further = mantissa.multipliedFullWidth(by: words[index + 1]).high
            low &+= further
            if further > low { high &+= 1 }
        }
        return (high, low)
    }

    // MARK: The table

    private typealias Power = (upper: UInt64, lower: UInt64)

    /// A great whole number; the first word is the lowest.
    private struct Whole {
        var words: [UInt64]

        mutating func multiplyByFive() {
            var carry: UInt64 = 0
            for index in words.indices {
                let (high, low) = words[index].multipliedFullWidth(by: 5)
                let (sum, overflow) = low.addingReportingOverflow(carry)
                words[index] = sum
                carry = high + (overflow ? 1 : 0)
            }
            if carry > 0 { words.append(carry) }
        }

        mutating func divideByFive() {
            var rest: UInt64 = 0
            for index in words.indices.reversed() {
                (words[index], rest) = UInt64(5).dividingFullWidth((rest, words[index]))
            }
            if words.last == 0 { words.removeLast() }
        }

        /// The upper 128 bits; what is below them is cut off.
        var top: Power {
            let zeros = words.last!.leadingZeroBitCount
            func word(_ index: Int) -> UInt64 { index < 0 ? 0 : words[index] }
            func shifted(_ index: Int) -> UInt64 {
                word(index) << zeros | word(index - 1) >> (64 - zeros)
            }
            return (shifted(words.count - 1), shifted(words.count - 2))
        }
    }

    private static func positivePowers() -> [Power] {
        var whole = Whole(words: [1])
        return (0...greatest).map { _ in
            defer { whole.multiplyByFive() }
            return whole.top
        }
    }

    /// From the least on. Those to 5^-27 are rounded up.
    private static func negativePowers() -> [Power] {
        // A power of two that leaves 128 bits after all divisions.
        var whole = Whole(words: Array(repeating: 0, count: 16) + [1])
        let powers = (1 ... -least).map { exponent -> Power in
            whole.divideByFive()
            let (upper, lower) = whole.top
            guard exponent <= 27 else { return (upper, lower) }
            let (sum, overflow) = lower.addingReportingOverflow(1)
            return (upper + (overflow ? 1 : 0), sum)
        }
        return powers.reversed()
    }
}
