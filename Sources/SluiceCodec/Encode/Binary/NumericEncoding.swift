/// numeric: digits to the base of 10,000, grouped from the point on.
enum NumericEncoding {
    /// Any more digits than this are left to the server.
    static let digitsMax = 1_000
    /// What a number may need beyond half of its text's length: with an exponent its text grows.
    static let extraBytesMax = 48

    private static let negative: UInt16 = 0x4000
    private static let notANumber: UInt16 = 0xC000

    /// - Returns: how many bytes; nil: not sure.
    @inline(__always)
    static func encode(
        _ text: FieldText, _ bounds: BinaryColumn.Bounds, into output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        plain(text, bounds, into: output) ?? special(text, bounds, into: output)
    }

    /// A sign, digits, and a point somewhere.
    @inline(__always)
    private static func plain(
        _ text: FieldText, _ bounds: BinaryColumn.Bounds, into output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var text = text
        let isNegative = text.takeSign()
        guard text.count > 0, text.count <= digitsMax else { return nil }
        let point = pointIndex(text)
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

    @inline(__always)
    private static func pointIndex(_ text: FieldText) -> Int {
        var index = 0
        while index < text.count, text[index] != .point { index += 1 }
        return index
    }

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
        return nil
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
