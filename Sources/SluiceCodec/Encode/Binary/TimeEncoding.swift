/// Dates and times in their ISO forms, which every DateStyle reads alike.
enum TimeEncoding {
    static let microsecondsPerDay: Int64 = 86_400_000_000
    private static let microsecondsPerSecond: Int64 = 1_000_000

    // MARK: The types

    /// Days since 2000-01-01.
    @inline(__always)
    static func date(_ text: FieldText) -> Int32? {
        text.count == 10 ? day(text) : nil
    }

    /// Microseconds since midnight.
    @inline(__always)
    static func time(_ text: FieldText) -> Int64? {
        guard let clock = clock(text), clock.end == text.count else { return nil }
        return clock.microseconds
    }

    /// Microseconds since midnight, and seconds west of Greenwich.
    @inline(__always)
    static func timetz(_ text: FieldText, _ session: SessionTime) -> (Int64, west: Int32)? {
        guard let clock = clock(text) else { return nil }
        switch zone(text.dropFirst(clock.end), session) {
        case .east(let seconds): return (clock.microseconds, Int32(-seconds))
        case .none: return session.zoneIsUTC ? (clock.microseconds, 0) : nil
        case .unsure: return nil
        }
    }

    /// Microseconds since 2000-01-01; a zone is passed over.
    @inline(__always)
    static func timestamp(_ text: FieldText, _ session: SessionTime) -> Int64? {
        guard let moment = moment(text) else { return nil }
        if moment.end == text.count { return moment.microseconds }
        if case .east = zone(text.dropFirst(moment.end), session) { return moment.microseconds }
        return nil
    }

    /// Microseconds since 2000-01-01 in UTC.
    @inline(__always)
    static func timestamptz(_ text: FieldText, _ session: SessionTime) -> Int64? {
        guard let moment = moment(text) else { return nil }
        switch zone(text.dropFirst(moment.end), session) {
        case .east(let seconds): return moment.microseconds - seconds * microsecondsPerSecond
        case .none: return session.zoneIsUTC ? moment.microseconds : nil
        case .unsure: return nil
        }
    }

    // MARK: The parts

    /// `YYYY-MM-DD`, at least ten bytes: days since 2000-01-01.
    @inline(__always)
    private static func day(_ text: FieldText) -> Int32? {
        // Digits as numbers, hyphens as 0.
        let word = text.start.word ^ 0x2D30_302D_3030_3030
        let last = UInt64(text[8] ^ .zero) | UInt64(text[9] ^ .zero) << 8
        let bad = word | (word &+ 0x7F76_767F_7676_7676) | last | (last &+ 0x7676)
        guard bad & 0x8080_8080_8080_8080 == 0 else { return nil }
        let pairs = word &* 10 &+ word >> 8
        let year = Int32(pairs & 0xFF) &* 100 &+ Int32(pairs >> 16 & 0xFF)
        let month = Int32(pairs >> 40 & 0xFF)
        let day = Int32(last & 0xFF) &* 10 &+ Int32(last >> 8)
        guard year > 0, month &- 1 < 12, month > 0, day > 0 else { return nil }
        guard day <= 28 || day <= length(of: month, year) else { return nil }
        return days(year, month, day)
    }

    @inline(__always)
    private static func length(of month: Int32, _ year: Int32) -> Int32 {
        if month == 2 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            return isLeap ? 29 : 28
        }
        return 30 + ((month + month >> 3) & 1)
    }

    /// Counts years from March on, so that a leap day is a year's last.
    @inline(__always)
    private static func days(_ year: Int32, _ month: Int32, _ day: Int32) -> Int32 {
        let isBeforeMarch: Int32 = month <= 2 ? 1 : 0
        let year = UInt32(bitPattern: year &- isBeforeMarch)
        let month = UInt32(bitPattern: month &+ 12 &* isBeforeMarch &- 3)
        let century = year / 100
        let leapDays = year / 4 &- century &+ century / 4
        let days = 365 &* year &+ leapDays &+ (153 &* month &+ 2) / 5
        return Int32(bitPattern: days) &+ day &- 730_426
    }

    /// A date, and a time where there is one.
    @inline(__always)
    private static func moment(_ text: FieldText) -> (microseconds: Int64, end: Int)? {
        guard text.count >= 10, let day = day(text) else { return nil }
        let midnight = Int64(day) &* microsecondsPerDay
        if text.count == 10 { return (midnight, 10) }
        let separator = text[10]
        guard separator == .space || separator == UInt8(ascii: "T"),
            let clock = clock(text.dropFirst(11))
        else { return nil }
        return (midnight &+ clock.microseconds, 11 + clock.end)
    }

    /// `HH:MM`, `HH:MM:SS` or that with a fraction: microseconds since midnight.
    @inline(__always)
    private static func clock(_ text: FieldText) -> (microseconds: Int64, end: Int)? {
        guard text.count >= 5 else { return nil }
        let hasSeconds = text.count >= 8 && text[5] == .colon
        // Digits as numbers, colons as 0; without seconds these are 0.
        var word = text.start.word ^ 0x3030_3A30_303A_3030
        if !hasSeconds { word &= 0xFF_FFFF_FFFF }
        let bad = word | (word &+ 0x7676_7F76_767F_7676)
        guard bad & 0x8080_8080_8080_8080 == 0 else { return nil }
        let pairs = word &* 10 &+ word >> 8
        let (hour, minute) = (pairs & 0xFF, pairs >> 24 & 0xFF)
        let second = pairs >> 48 & 0xFF
        guard hour < 24, minute < 60, second < 60 else { return nil }
        let whole = Int64((hour &* 60 &+ minute) &* 60 &+ second) &* microsecondsPerSecond
        guard hasSeconds else { return (whole, 5) }
        guard text.count > 8, text[8] == .point else { return (whole, 8) }
        guard let fraction = fraction(text.dropFirst(9)) else { return nil }
        return (whole &+ fraction.microseconds, 9 + fraction.end)
    }

    /// One to nine digits.
    @inline(__always)
    private static func fraction(_ text: FieldText) -> (microseconds: Int64, end: Int)? {
        let word = text.start.word ^ Digits.zeros
        let leading = Digits.leading(word)
        let count = leading < text.count ? leading : text.count
        guard count > 0 else { return nil }
        let value = Int64(Digits.value(Digits.first(count, word)))
        guard count > 6 else { return (value / 100, count) }
        return rounded(value, count, text)
    }

    /// Seven digits or more: to the nearest, if it is clear which that is.
    @inline(never)
    private static func rounded(
        _ eightDigits: Int64, _ count: Int, _ text: FieldText
    ) -> (microseconds: Int64, end: Int)? {
        var (billionths, count) = (eightDigits * 10, count)
        if count == 8, text.count > 8, text[8].isDigit {
            billionths += Int64(text[8] - .zero)
            count = 9
            if text.count > 9, text[9].isDigit { return nil }
        }
        let rest = billionths % 1_000
        let rounded = billionths / 1_000 + (rest > 500 ? 1 : 0)
        return rest == 500 || rounded == microsecondsPerSecond ? nil : (rounded, count)
    }

    private enum Zone {
        case none, unsure
        case east(Int64)
    }

    /// All of the text, which may begin with a blank.
    @inline(__always)
    private static func zone(_ text: FieldText, _ session: SessionTime) -> Zone {
        if text.count == 0 { return .none }
        // As the server writes it.
        if text.count == 3, text.start.halfWord &<< 8 == asWritten { return .east(0) }
        return namedZone(text, session)
    }

    /// `+00`, in the upper bytes.
    private static let asWritten: UInt32 = 0x3030_2B00

    private static func namedZone(_ text: FieldText, _ session: SessionTime) -> Zone {
        var text = text
        if text[0] == .space { text = text.dropFirst() }
        guard text.count > 0 else { return .unsure }
        if text[0] == .plus || text[0] == .minus { return offset(text) }
        let isUTC =
            text.count == 1 && text[0] == UInt8(ascii: "Z")
            || text.count == 3 && text[0] == UInt8(ascii: "U") && text[1] == UInt8(ascii: "T")
                && text[2] == UInt8(ascii: "C")
        return isUTC && session.knowsAbbreviations ? .east(0) : .unsure
    }

    /// `+HH`, `+HHMM` or `+HH:MM`.
    private static func offset(_ text: FieldText) -> Zone {
        let hasColon = text.count == 6 && text[3] == .colon
        guard text.count == 3 || text.count == 5 || hasColon,
            let hours = Digits.upToFour(text.start + 1, 2, isAligned: false),
            let minutes = text.count == 3
                ? 0 : Digits.upToFour(text.start + (text.count - 2), 2, isAligned: false),
            hours < 16, minutes < 60
        else { return .unsure }
        let seconds = Int64(hours * 60 + minutes) * 60
        return .east(text[0] == .minus ? -seconds : seconds)
    }
}
