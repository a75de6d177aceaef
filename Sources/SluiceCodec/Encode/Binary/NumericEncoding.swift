/// numeric: digits to the base of 10,000, grouped from the point on.
enum NumericEncoding {
    /// Any more digits than this are left to the server.
    private static let digitsMax = 1_000
    private static let exponentMax = 64
    /// What a number may need beyond half of its text's length: with an exponent its text grows.
    static let extraBytesMax = 48

    private static let negative: UInt16 = 0x4000
    private static let notANumber: UInt16 = 0xC000

    /// - Returns: how many bytes; nil: not sure.
    @inline(__always)
    static func encode(
        _ text: FieldText, _ bounds: BinaryColumn.Bounds, into output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        short(text, bounds, into: output) ?? long(text, bounds, into: output)
            ?? special(text, bounds, into: output)
    }

    // MARK: Up to eight digits before the point, and sixteen behind it

    /// Four groups as one word, without a branch on how many there are.
    @inline(__always)
    private static func short(
        _ text: FieldText, _ bounds: BinaryColumn.Bounds, into output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var text = text
        let isNegative = text.takeSign()
        let word = text.start.word
        let (point, scale) = Digits.point(in: word, text.count)
        guard point == text.count || text[point] == .point, scale <= 16, point &+ scale > 0,
            bounds.isNone || bounds.surelyHold(wholeDigits: point, scale: scale)
        else { return nil }
        if scale > 8 { return finer(text, isNegative, point: point, scale: scale, into: output) }
        let whole = Digits.last(point, word ^ Digits.zeros)
        let fraction = Digits.first(scale, (text.start + (point &+ 1)).word ^ Digits.zeros)
        guard Digits.strays(whole) | Digits.strays(fraction) == 0 else { return nil }
        let groups = Digits.fours(whole) << 32 | Digits.fours(fraction)
        return store(groups, isNegative, scale: scale, into: output)
    }

    /// - Returns: how many bytes.
    @inline(__always)
    private static func store(
        _ groups: UInt64, _ isNegative: Bool, scale: Int, into output: UnsafeMutablePointer<UInt8>
    ) -> Int {
        let isZero = groups == 0
        let before = isZero ? 0 : groups.leadingZeroBitCount / 16
        let count = isZero ? 0 : 4 &- before &- groups.trailingZeroBitCount / 16
        let weight = UInt64(UInt16(truncatingIfNeeded: isZero ? 0 : 1 &- before))
        let sign = isNegative && !isZero ? UInt64(negative) : 0
        output.store(UInt64(count) << 48 | weight << 32 | sign << 16 | UInt64(scale))
        (output + 8).store(groups &<< UInt64(16 &* before))
        return 8 &+ 2 &* count
    }

    /// Six groups, four of them behind the point.
    @inline(__always)
    private static func finer(
        _ text: FieldText, _ isNegative: Bool, point: Int, scale: Int,
        into output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        let start = text.start + (point &+ 1)
        let whole = Digits.last(point, text.start.word ^ Digits.zeros)
        let upper = start.word ^ Digits.zeros
        let lower = Digits.first(scale &- 8, (start + 8).word ^ Digits.zeros)
        guard Digits.strays(whole) | Digits.strays(upper) | Digits.strays(lower) == 0 else {
            return nil
        }
        let fraction = Digits.fours(upper) << 32 | Digits.fours(lower)
        let groups = UInt128(Digits.fours(whole)) << 64 | UInt128(fraction)
        guard groups != 0 else { return nil }
        let (before, after) = (groups.leadingZeroBitCount / 16, groups.trailingZeroBitCount / 16)
        let count = 8 &- before &- after
        let header = UInt64(count) << 48 | UInt64(UInt16(truncatingIfNeeded: 3 &- before)) << 32
        output.store(header | UInt64(isNegative ? negative : 0) << 16 | UInt64(scale))
        (output + 8).store(groups &<< UInt128(truncatingIfNeeded: 16 &* before))
        return 8 &+ 2 &* count
    }

    // MARK: Any number of digits

    /// A sign, digits, and a point somewhere.
    @inline(never)
    private static func long(
        _ text: FieldText, _ bounds: BinaryColumn.Bounds, into output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var text = text
        let isNegative = text.takeSign()
        guard text.count > 0, text.count <= digitsMax else { return nil }
        var point = 0
        while point < text.count, text[point] != .point { point += 1 }
        let scale = max(0, text.count - point - 1)
        guard point + scale > 0 else { return nil }
        var whole = FieldText(text.start, count: point)
        while whole.count > 0, whole[0] == .zero { whole = whole.dropFirst() }
        let fraction = FieldText(text.start + (point + 1), count: scale)
        guard bounds.isNone || bounds.hold(whole, fraction) else { return nil }

        var groups = Groups(output + 8)
        guard groups.appendWhole(whole), groups.appendFraction(fraction) else { return nil }
        let count = groups.used
        output.store(Int16(truncatingIfNeeded: count))
        (output + 2).store(Int16(truncatingIfNeeded: count == 0 ? 0 : groups.weight))
        (output + 4).store(isNegative && count > 0 ? negative : 0)
        (output + 6).store(Int16(truncatingIfNeeded: scale))
        return 8 + 2 * count
    }

    // MARK: Other forms

    /// Not a number, or with an exponent.
    @inline(never)
    private static func special(
        _ text: FieldText, _ bounds: BinaryColumn.Bounds, into output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        if text.isWord("nan") {
            output.store(UInt32(0))
            (output + 4).store(notANumber)
            (output + 6).store(UInt16(0))
            return 8
        }
        var mantissa = FieldText(text.start, count: 0)
        while mantissa.count < text.count, text[mantissa.count].lowercased != UInt8(ascii: "e") {
            mantissa.count += 1
        }
        guard mantissa.count < text.count, mantissa.count <= exponentMax else { return nil }
        var digits = text.dropFirst(mantissa.count + 1)
        let isNegative = digits.takeSign()
        guard let size = Digits.number(digits), size <= exponentMax else { return nil }
        return scaled(mantissa, by: isNegative ? -Int(size) : Int(size), bounds, into: output)
    }

    /// Writes the number out, without its exponent.
    private static func scaled(
        _ mantissa: FieldText, by exponent: Int, _ bounds: BinaryColumn.Bounds,
        into output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 512) { buffer in
            buffer.initialize(repeating: .zero)
            var (text, count) = (mantissa, 0)
            func append(_ byte: UInt8) {
                buffer[count] = byte
                count += 1
            }
            if text.takeSign() { append(.minus) }
            var point = 0
            while point < text.count, text[point].isDigit { point += 1 }
            let digitCount = text.count - (point < text.count ? 1 : 0)
            guard digitCount > 0, point == text.count || text[point] == .point else { return nil }
            let newPoint = point + exponent
            for index in min(0, newPoint - 1)..<max(digitCount, newPoint) {
                if index == newPoint { append(.point) }
                let isThere = index >= 0 && index < digitCount
                let digit = isThere ? text[index < point ? index : index + 1] : .zero
                guard digit.isDigit else { return nil }
                append(digit)
            }
            return long(
                FieldText(UnsafePointer(buffer.baseAddress!), count: count), bounds, into: output)
        }
    }

    /// The groups that are written.
    private struct Groups {
        let start: UnsafeMutablePointer<UInt8>
        var count = 0
        /// Without the zeros at the end.
        var used = 0
        /// What the first group counts, as a power of 10,000.
        var weight = -1

        @inline(__always)
        init(_ start: UnsafeMutablePointer<UInt8>) { self.start = start }

        @inline(__always)
        mutating func append(_ group: UInt32) {
            (start + 2 * count).store(UInt16(truncatingIfNeeded: group))
            count += 1
            if group != 0 { used = count }
        }

        /// Digits before the point, without zeros at their beginning. False: some are none.
        @inline(__always)
        mutating func appendWhole(_ text: FieldText) -> Bool {
            guard text.count > 0 else { return true }
            weight = (text.count - 1) / 4
            let first = text.count - 4 * weight
            guard let group = Digits.upToFour(text.start, first, isAligned: false) else {
                return false
            }
            append(group)
            var position = first
            while position < text.count {
                guard let group = Digits.upToFour(text.start + position, 4, isAligned: false)
                else { return false }
                append(group)
                position += 4
            }
            return true
        }

        @inline(__always)
        mutating func appendFraction(_ text: FieldText) -> Bool {
            var position = 0
            while position < text.count {
                guard
                    let group = Digits.upToFour(
                        text.start + position, min(4, text.count - position), isAligned: true)
                else { return false }
                if count == 0, group == 0 {
                    weight -= 1
                } else {
                    append(group)
                }
                position += 4
            }
            return true
        }
    }
}

extension BinaryColumn.Bounds {
    /// Whether so many digits, of any kind, can't overflow.
    @inline(__always)
    func surelyHold(wholeDigits: Int, scale: Int) -> Bool {
        let room = Int(precision) - Int(self.scale)
        return wholeDigits < room || wholeDigits == room && scale <= Int(self.scale)
    }

    /// Whether the server, which rounds, is sure to find no overflow.
    ///
    /// - Parameter whole: without zeros at its beginning.
    @inline(__always)
    func hold(_ whole: FieldText, _ fraction: FieldText) -> Bool {
        let room = Int(precision) - Int(scale)
        if whole.count < room { return true }
        return holdsLongest(whole, fraction, room: room)
    }

    private func holdsLongest(_ whole: FieldText, _ fraction: FieldText, room: Int) -> Bool {
        var (length, first) = (whole.count, whole.start[0])
        if length == 0 {
            var zeros = 0
            while zeros < fraction.count, fraction[zeros] == .zero { zeros += 1 }
            if zeros == fraction.count { return true }
            (length, first) = (-zeros, fraction[zeros])
        }
        guard length == room else { return length < room }
        // Nines could be rounded up to one more digit.
        return fraction.count <= Int(scale) || first != UInt8(ascii: "9")
    }
}
