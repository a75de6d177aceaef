import SluiceTestSupport

/// What a column has that no other record has, unless it is to.
enum DirtyKey: Sendable {
    case none, number, word, date

    /// A record's own value.
    func value(_ record: Int) -> String? {
        switch self {
        case .none: nil
        case .number, .word: String(record)
        case .date:
            "\(2_000 + record / 336)-\(Self.twoDigits(record / 28 % 12 + 1))"
                + "-\(Self.twoDigits(record % 28 + 1))"
        }
    }

    /// The same value, written as nobody writes it: the binary encoder is not sure of most.
    func oddValue(_ record: Int, _ random: inout SeededRandom) -> String? {
        guard let value = value(record) else { return nil }
        switch self {
        case .none, .word: return value
        case .number:
            return random.pick([" ", "  ", "+", "00", ""]) + value + random.pick(["", " "])
        case .date:
            let (year, rest) = (value.prefix(4), value.dropFirst(5))
            return random.pick([
                value, " \(value)", "\(year)/\(rest.replacing("-", with: "/"))",
                value.replacing("-", with: ""), "\(value) 00:00", "\(value) AD",
            ])
        }
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}
