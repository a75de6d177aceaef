/// interval, where every IntervalStyle reads it alike: nothing in it is negative.
enum IntervalEncoding {
    static let byteCount = 16

    static func encode(_ text: FieldText, into output: UnsafeMutablePointer<UInt8>) -> Int? {
        var interval = Interval()
        guard text.count > 0 else { return nil }
        let isDesignated = text[0] == UInt8(ascii: "P")
        guard
            isDesignated ? interval.readDesignated(text.dropFirst()) : interval.readWorded(text)
        else { return nil }
        output.store(interval.microseconds)
        (output + 8).store(interval.days)
        (output + 12).store(interval.months)
        return byteCount
    }
}

private struct Interval {
    enum Unit: UInt8 {
        case year, month, week, day, hour, minute, second
    }

    var microseconds: Int64 = 0
    var days: Int32 = 0
    var months: Int32 = 0
    /// A bit for each unit that was read.
    private var units: UInt8 = 0

    /// Seven digits overflow nothing.
    private static let digitsMax = 7

    /// `1 year 2 mons 3 days 04:05:06.7`.
    mutating func readWorded(_ text: FieldText) -> Bool {
        var rest = text
        while true {
            guard let number = Self.takeNumber(&rest), rest.count > 0 else { return false }
            if rest[0] == .colon { return readClock(hours: number, rest) }
            guard rest[0] == .space else { return false }
            rest = rest.dropFirst()
            var length = 0
            while length < rest.count, rest[length] != .space { length += 1 }
            guard let unit = Unit(word: FieldText(rest.start, count: length)), add(number, unit)
            else { return false }
            guard length < rest.count else { return true }
            rest = rest.dropFirst(length + 1)
        }
    }

    /// `:MM:SS` and perhaps a fraction.
    private mutating func readClock(hours: Int64, _ text: FieldText) -> Bool {
        guard text.count >= 6, text[3] == .colon,
            let minutes = Digits.upToFour(text.start + 1, 2, isAligned: false), minutes < 60,
            let seconds = Digits.upToFour(text.start + 4, 2, isAligned: false), seconds < 60,
            add(hours, .hour), add(Int64(minutes), .minute), add(Int64(seconds), .second)
        else { return false }
        return text.count == 6 || readFraction(text.dropFirst(6))
    }

    /// A point and up to six digits.
    private mutating func readFraction(_ text: FieldText) -> Bool {
        let digits = text.dropFirst()
        guard text[0] == .point, digits.count <= 6, let number = Digits.number(digits) else {
            return false
        }
        var fraction = Int64(number)
        for _ in digits.count..<6 { fraction *= 10 }
        microseconds += fraction
        return true
    }

    /// `1Y2M3DT4H5M6.7S`.
    mutating func readDesignated(_ text: FieldText) -> Bool {
        var (rest, isTime) = (text, false)
        while rest.count > 0 {
            if rest[0] == UInt8(ascii: "T"), !isTime {
                isTime = true
                rest = rest.dropFirst()
            }
            guard let number = Self.takeNumber(&rest) else { return false }
            var fraction: FieldText?
            if isTime, rest.count > 0, rest[0] == .point {
                fraction = rest
                rest = rest.dropFirst()
                guard Self.takeNumber(&rest) != nil else { return false }
                fraction!.count = rest.start - fraction!.start
            }
            guard rest.count > 0, let unit = Unit(designator: rest[0], isTime: isTime),
                // In their order, each once.
                units >> unit.rawValue == 0, add(number, unit)
            else { return false }
            if let fraction {
                guard unit == .second, readFraction(fraction) else { return false }
            }
            rest = rest.dropFirst()
        }
        return units != 0
    }

    private static func takeNumber(_ text: inout FieldText) -> Int64? {
        var (count, number) = (0, Int64(0))
        while count < min(digitsMax, text.count), text[count].isDigit {
            number = number * 10 + Int64(text[count] - .zero)
            count += 1
        }
        guard count > 0 else { return nil }
        text = text.dropFirst(count)
        return number
    }

    private mutating func add(_ number: Int64, _ unit: Unit) -> Bool {
        let bit: UInt8 = 1 << unit.rawValue
        guard units & bit == 0 else { return false }
        units |= bit
        switch unit {
        case .year: months += Int32(number) * 12
        case .month: months += Int32(number)
        case .week: days += Int32(number) * 7
        case .day: days += Int32(number)
        case .hour: microseconds += number * 3_600_000_000
        case .minute: microseconds += number * 60_000_000
        case .second: microseconds += number * 1_000_000
        }
        return true
    }
}

extension Interval.Unit {
    fileprivate init?(word: FieldText) {
        if word.isWord("year") || word.isWord("years") {
            self = .year
        } else if word.isWord("mon") || word.isWord("mons") || word.isWord("month")
            || word.isWord("months")
        {
            self = .month
        } else if word.isWord("week") || word.isWord("weeks") {
            self = .week
        } else if word.isWord("day") || word.isWord("days") {
            self = .day
        } else if word.isWord("hour") || word.isWord("hours") {
            self = .hour
        } else if word.isWord("minute") || word.isWord("minutes") || word.isWord("min")
            || word.isWord("mins")
        {
            self = .minute
        } else if word.isWord("second") || word.isWord("seconds") || word.isWord("sec")
            || word.isWord("secs")
        {
            self = .second
        } else {
            return nil
        }
    }

    fileprivate init?(designator: UInt8, isTime: Bool) {
        switch (designator, isTime) {
        case (UInt8(ascii: "Y"), false): self = .year
        case (UInt8(ascii: "M"), false): self = .month
        case (UInt8(ascii: "W"), false): self = .week
        case (UInt8(ascii: "D"), false): self = .day
        case (UInt8(ascii: "H"), true): self = .hour
        case (UInt8(ascii: "M"), true): self = .minute
        case (UInt8(ascii: "S"), true): self = .second
        default: return nil
        }
    }
}
