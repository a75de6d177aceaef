import SluiceCodec

/// The first three sets of the races, as near as a small generator comes.
extension Input {
    static let typed = Input(
        "typed",
        [
            .int8, .int4, .int2, .bool, .float8, .float4,
            .numeric(NumericBounds(precision: 12, scale: 2)), .date, .timestamp(.utc),
            .timestamptz(.utc), .uuid, .varchar(limit: 20), .text,
        ]
    ) { number, random in
        let fields = [
            "\(number)", random.integer(bits: 31), random.oneIn(16) ? "" : random.integer(bits: 15),
            random.oneIn(2) ? "t" : "f", random.double, random.oneIn(8) ? "" : random.float,
            random.decimal, random.date, random.timestamp, random.timestamp + "+00", random.uuid,
            "sensor-\(random.number(in: 0...1_048_575))", random.note,
        ]
        return fields.joined(separator: ",")
    }

    static let quoted = Input("quoted", [.int4, .text, .text, .text, .text]) { number, random in
        let marks = ["a \"\"short\"\" history", "comma, comma", "first\nsecond", "プレーン", "plain"]
        func text(_ words: ClosedRange<Int>) -> String {
            let parts = (0..<random.number(in: words)).map { _ in random.pick(marks) }
            return "\"" + parts.joined(separator: " lorem ipsum ") + "\""
        }
        let source = "\"https://example.org/\(number)?q=\"\"\(random.number(in: 0...999))\"\"\""
        return ["\(number)", text(1...2), text(1...1), text(2...8), source].joined(separator: ",")
    }

    static let narrow = Input("narrow", Array(repeating: .int4, count: 5)) { number, random in
        let rest = [7, 16, 20, 31].map { random.integer(bits: $0) }
        return (["\(number)"] + rest).joined(separator: ",")
    }
}

extension SessionTime {
    static let utc = SessionTime(zoneIsUTC: true, knowsAbbreviations: true)
}

/// Texts of values, in the forms that a server writes.
extension SeededRandom {
    /// Negative one time in eight.
    mutating func integer(bits: Int) -> String {
        (oneIn(8) ? "-" : "") + "\(number(in: 0...(1 << bits) - 1))"
    }

    /// With all its digits.
    var double: String {
        mutating get { "\(Double(next() >> 11) * 0x1p-53 * 360 - 180)" }
    }

    var float: String {
        mutating get { "\(Float(next() >> 40) * 0x1p-24)" }
    }

    var decimal: String {
        mutating get { integer(bits: 23) + "." + twoDigits(0...99) }
    }

    var date: String {
        mutating get {
            "\(number(in: 1_990...2_030))-\(twoDigits(1...12))-\(twoDigits(1...28))"
        }
    }

    var time: String {
        mutating get {
            let fraction = "\(number(in: 0...999_999))"
            let zeros = String(repeating: "0", count: 6 - fraction.count)
            return
                "\(twoDigits(0...23)):\(twoDigits(0...59)):\(twoDigits(0...59)).\(zeros)\(fraction)"
        }
    }

    var timestamp: String {
        mutating get { date + " " + time }
    }

    var uuid: String {
        mutating get { [8, 4, 4, 4, 12].map { hex($0) }.joined(separator: "-") }
    }

    var note: String {
        mutating get {
            let usual = ["nominal", "drifting since restart", "out of range for a while", ""]
            return oneIn(16) ? "\"lower bound, then \"\"upper\"\" bound\"" : pick(usual)
        }
    }

    mutating func hex(_ count: Int) -> String {
        (0..<count).map { _ in String(number(in: 0...15), radix: 16) }.joined()
    }

    mutating func twoDigits(_ range: ClosedRange<Int>) -> String {
        let text = "\(number(in: range))"
        return text.count == 1 ? "0" + text : text
    }
}
