/// A JSON value to be written: objects keep the order of their members.
package indirect enum JSON: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    /// `units` divided by 10 to the power of `digits`, written out: (12345, 3) is `12.345`.
    case decimal(units: Int, digits: Int)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    package init(_ text: String?) {
        self = text.map { .string($0) } ?? .null
    }

    package init(_ number: Int?) {
        self = number.map { .integer($0) } ?? .null
    }

    /// Seconds, to the millisecond.
    package init(_ duration: Duration) {
        self = .decimal(units: Int(duration / .milliseconds(1)), digits: 3)
    }

    /// The value in one line, without blanks.
    package var text: String {
        var text = ""
        write(to: &text)
        return text
    }
}

extension JSON {
    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .decimal(let units, let digits): text += Self.decimalText(units, digits)
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            Self.write(values, between: "[", and: "]", to: &text) { $0.write(to: &$1) }
        case .object(let members):
            Self.write(members, between: "{", and: "}", to: &text) { member, text in
                Self.write(member.key, to: &text)
                text += ":"
                member.value.write(to: &text)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], between opening: String, and closing: String, to text: inout String,
        item: (Item, inout String) -> Void
    ) {
        text += opening
        for (index, value) in items.enumerated() {
            if index > 0 { text += "," }
            item(value, &text)
        }
        text += closing
    }

    private static func decimalText(_ units: Int, _ digits: Int) -> String {
        let all = String(units.magnitude)
        let padded = String(repeating: "0", count: max(0, digits + 1 - all.count)) + all
        let fraction = digits == 0 ? "" : "." + padded.suffix(digits)
        return "\(units < 0 ? "-" : "")\(padded.dropLast(digits))\(fraction)"
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\0"..<" ": text += escape(scalar)
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
