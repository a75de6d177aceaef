package import SluiceCore

extension FlagValue {
    /// A size as in postgresql.conf: `8MB`, `512kB`, or bytes without a unit.
    package static func size(
        _ text: String, of flag: String, in range: ClosedRange<ByteCount>
    ) throws(UsageError) -> ByteCount {
        let units: [(String, Double)] = [
            ("B", 1), ("kB", 0x1p10), ("MB", 0x1p20), ("GB", 0x1p30), ("TB", 0x1p40),
        ]
        let bytes = try quantity(text, of: flag, units: units, unitless: "B")
        let limits = Double(range.lowerBound.bytes)...Double(range.upperBound.bytes)
        guard limits.contains(bytes) else {
            let (least, most) = (range.lowerBound.bytes, range.upperBound.bytes)
            throw UsageError(
                "\(flag): '\(text)' is not from \(exactSize(least)) to \(exactSize(most))")
        }
        return ByteCount(Int(bytes))
    }

    /// A time: `30s`, `5min`, `500ms`, `1h`, or seconds without a unit.
    package static func time(_ text: String, of flag: String) throws(UsageError) -> Duration {
        let units: [(String, Double)] = [
            ("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000),
        ]
        let milliseconds = try quantity(text, of: flag, units: units, unitless: "s")
        // What PostgreSQL's own timeouts can hold.
        guard milliseconds <= Double(Int32.max) else {
            throw UsageError("\(flag): '\(text)' is too long, 24 days are the most")
        }
        return .milliseconds(Int(milliseconds))
    }

    /// The value in the smallest unit, rounded.
    private static func quantity(
        _ text: String, of flag: String, units: [(name: String, factor: Double)],
        unitless: String
    ) throws(UsageError) -> Double {
        let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        let name = unit.isEmpty ? unitless : String(unit)
        guard digits.first != ".", let number = Double(digits) else {
            throw UsageError("\(flag): '\(text)' does not begin with a number")
        }
        guard let factor = units.first(where: { $0.name == name })?.factor else {
            let names = units.map(\.name)
            let list = names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
            throw UsageError("\(flag): '\(unit)' is no unit, take \(list)")
        }
        let value = (number * factor).rounded()
        guard value > 0 || number == 0 else {
            throw UsageError("\(flag): '\(text)' is less than 1 \(units[0].name)")
        }
        return value
    }
}
