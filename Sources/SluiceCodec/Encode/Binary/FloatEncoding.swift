/// Floating point, rounded correctly to the last bit.
enum FloatEncoding {
    /// Longer texts are left to the server.
    static let lengthMax = 400

    @inline(never)
    static func double(_ text: FieldText, _ powers: PowersOfFive) -> UInt64? {
        if let decimal = Decimal(short: text, powers) { return decimal.double(powers, text) }
        return longDouble(text, powers)
    }

    @inline(never)
    private static func longDouble(_ text: FieldText, _ powers: PowersOfFive) -> UInt64? {
        guard let decimal = Decimal(text, powers) else { return special(text)?.bitPattern }
        return decimal.isExact ? decimal.double(powers, text) : slowDouble(text, decimal)
    }

    @inline(never)
    static func float(_ text: FieldText, _ powers: PowersOfFive) -> UInt32? {
        if let decimal = Decimal(short: text, powers) { return decimal.float(powers, text) }
        return longFloat(text, powers)
    }

    @inline(never)
    private static func longFloat(_ text: FieldText, _ powers: PowersOfFive) -> UInt32? {
        guard let decimal = Decimal(text, powers) else {
            return special(text).map { Float($0).bitPattern }
        }
        return decimal.isExact ? decimal.float(powers, text) : slowFloat(text, decimal)
    }

    private static func special(_ text: FieldText) -> Double? {
        var text = text
        if text.isWord("nan") { return .nan }
        let isNegative = text.takeSign()
        guard text.isWord("inf") || text.isWord("infinity") else { return nil }
        return isNegative ? -.infinity : .infinity
    }

    /// Left to the standard library. Text that is too small or too great is refused by the server.
    @inline(never)
    fileprivate static func slowDouble(_ text: FieldText, _ decimal: Decimal) -> UInt64? {
        guard let value = Double(text.string), value.isFinite else { return nil }
        return value == 0 && !decimal.isZero ? nil : value.bitPattern
    }

    @inline(never)
    fileprivate static func slowFloat(_ text: FieldText, _ decimal: Decimal) -> UInt32? {
        guard let value = Float(text.string), value.isFinite else { return nil }
        return value == 0 && !decimal.isZero ? nil : value.bitPattern
    }
}

extension FieldText {
    fileprivate var string: String {
        String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
}

/// A decimal number: mantissa times a power of ten.
private struct Decimal {
    var isNegative: Bool
    var mantissa: UInt64
    var exponent: Int
    /// False: the mantissa has more digits than there is room for.
    var isExact: Bool
    var isZero: Bool

    /// nil: it has no, or more than, 19 digits, eight before the point or sixteen behind it; or
    /// others than digits.
    @inline(__always)
    init?(short text: FieldText, _ powers: PowersOfFive) {
        var text = text
        isNegative = text.takeSign()
        let word = text.start.word
        let (point, scale) = Digits.point(in: word, text.count)
        guard point == text.count || text[point] == .point, scale <= 16,
            UInt(bitPattern: point &+ scale &- 1) < 19
        else { return nil }
        let whole = Digits.last(point, word ^ Digits.zeros)
        let start = text.start + (point &+ 1)
        var strays = Digits.strays(whole)
        var (digits, left) = (Digits.value(whole), start)
        if scale > 8 {
            let upper = start.word ^ Digits.zeros
            strays |= Digits.strays(upper)
            digits = digits &* 100_000_000 &+ Digits.value(upper)
            left += 8
        }
        let count = scale > 8 ? scale &- 8 : scale
        let last = Digits.last(count, left.word ^ Digits.zeros)
        guard strays | Digits.strays(last) == 0 else { return nil }
        mantissa = digits &* powers.whole[count] &+ Digits.value(last)
        exponent = -scale
        isExact = true
        isZero = mantissa == 0
    }

    /// nil: it is not written as `12.5e-3` is.
    init?(_ text: FieldText, _ powers: PowersOfFive) {
        var text = text
        isNegative = text.takeSign()
        guard text.count > 0, text.count <= FloatEncoding.lengthMax else { return nil }
        var (position, digits) = (0, UInt64(0))
        Self.readDigits(text, powers, &position, &digits)
        var digitCount = position
        exponent = 0
        if position < text.count, text[position] == .point {
            position += 1
            let start = position
            Self.readDigits(text, powers, &position, &digits)
            digitCount += position - start
            exponent = start - position
        }
        guard digitCount > 0 else { return nil }
        if position < text.count {
            guard let written = Self.exponent(text.dropFirst(position)) else { return nil }
            exponent += written
        }
        mantissa = digits
        isExact = true
        isZero = mantissa == 0
        if digitCount > 19 { countDigits(text, digitCount) }
    }

    @inline(__always)
    private static func readDigits(
        _ text: FieldText, _ powers: PowersOfFive, _ position: inout Int, _ digits: inout UInt64
    ) {
        while true {
            let word = (text.start + position).word ^ Digits.zeros
            let strays = Digits.strays(word)
            guard strays == 0, position + 8 <= text.count else {
                let count = min(strays.trailingZeroBitCount / 8, text.count - position)
                let value = Digits.value(Digits.last(count, word))
                digits = digits &* powers.whole[count] &+ value
                position += count
                return
            }
            digits = digits &* 100_000_000 &+ Digits.value(word)
            position += 8
        }
    }

    /// `e`, a sign perhaps, and up to four digits.
    private static func exponent(_ text: FieldText) -> Int? {
        guard text[0].lowercased == UInt8(ascii: "e") else { return nil }
        var digits = text.dropFirst()
        let isNegative = digits.takeSign()
        guard digits.count <= 4, let size = Digits.number(digits) else { return nil }
        return isNegative ? -Int(size) : Int(size)
    }

    /// Zeros at the beginning are no digits.
    private mutating func countDigits(_ text: FieldText, _ digitCount: Int) {
        var zeros = 0
        var position = 0
        while position < text.count, text[position] == .zero || text[position] == .point {
            if text[position] == .zero { zeros += 1 }
            position += 1
        }
        isZero = zeros >= digitCount
        isExact = digitCount - zeros <= 19
    }

    /// Without its sign. Both numbers are exact, and so their quotient or product is rounded once.
    @inline(__always)
    private func exactlyRoundedDouble(_ powers: PowersOfFive) -> Double? {
        guard mantissa <= 1 << 53, exponent >= -22, exponent <= 22 else { return nil }
        let size = Double(Int64(bitPattern: mantissa))
        return exponent < 0 ? size / powers.double[-exponent] : size * powers.double[exponent]
    }

    @inline(__always)
    func double(_ powers: PowersOfFive, _ text: FieldText) -> UInt64? {
        guard mantissa != 0 else { return FloatEncoding.slowDouble(text, self) }
        guard
            let bits = powers.round(
                mantissa, exponent, explicitBits: 52, leastExponent: -1023, tiesFrom: -4, to: 23)
        else { return FloatEncoding.slowDouble(text, self) }
        return isNegative ? bits | 1 << 63 : bits
    }

    @inline(__always)
    func float(_ powers: PowersOfFive, _ text: FieldText) -> UInt32? {
        if let value = exactlyRoundedDouble(powers), !value.liesBetweenFloats {
            return Float(isNegative ? -value : value).bitPattern
        }
        guard mantissa != 0 else { return FloatEncoding.slowFloat(text, self) }
        guard
            let bits = powers.round(
                mantissa, exponent, explicitBits: 23, leastExponent: -127, tiesFrom: -17, to: 10)
        else { return FloatEncoding.slowFloat(text, self) }
        return UInt32(truncatingIfNeeded: isNegative ? bits | 1 << 31 : bits)
    }
}

extension Double {
    /// Whether it is as far from the next smaller Float as from the next greater one: if it is
    /// itself rounded, the number it stands for may be nearer to one of them.
    @inline(__always)
    fileprivate var liesBetweenFloats: Bool { bitPattern & 0x1FFF_FFFF == 0x1000_0000 }
}
