import SluiceTestSupport
import Testing

/// Texts for one type of column.
struct ValuePool: Sendable, CustomTestStringConvertible {
    struct Value: Sendable {
        var bytes: [UInt8]
        /// Of a form that the encoder must know.
        var isPlain: Bool
    }

    typealias Make = @Sendable (inout SeededRandom, _ isUTC: Bool) -> String

    var sqlType: String
    /// Forms that must be encoded.
    var plain: Make
    /// Others, right and wrong.
    var odd: [String]
    /// What is mixed into plain texts to make odd ones.
    var alphabet: [String]
    /// A shorter piece may have no room for a plain value.
    var leastPiece = 4_096

    var testDescription: String { sqlType }

    init(
        _ sqlType: String, odd: [String], alphabet: String, plain: @escaping Make
    ) {
        self.sqlType = sqlType
        self.plain = plain
        self.odd = odd + Self.alwaysOdd
        self.alphabet = alphabet.map { String($0) }
    }

    func value(_ random: inout SeededRandom, isUTC: Bool) -> Value {
        switch random.number(in: 0...9) {
        case 0...3:
            return Value(bytes: Array(plain(&random, isUTC).utf8), isPlain: true)
        case 4...5:
            return Value(bytes: Array(random.pick(odd).utf8), isPlain: false)
        case 6:
            var text = random.pick(odd)
            if random.oneIn(2) { text = random.pick(["-", "+", " ", "\t", "0"]) + text }
            if random.oneIn(2) { text += random.pick([" ", "0", "\n", "Z", "s", ".", ".5"]) }
            return Value(bytes: Array(text.utf8), isPlain: false)
        case 7:
            let bytes = (0..<random.number(in: 0...8)).flatMap { _ in
                Array(random.pick(alphabet).utf8)
            }
            return Value(bytes: bytes, isPlain: false)
        default:
            return Value(bytes: edited(plain(&random, isUTC), &random), isPlain: false)
        }
    }

    /// A plain text with a few bytes put in, taken out or changed.
    private func edited(_ text: String, _ random: inout SeededRandom) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0..<random.number(in: 1...3) {
            let position = random.number(in: 0...bytes.count)
            let new =
                random.oneIn(6)
                ? [UInt8(random.number(in: 0...255))]
                : Array(random.pick(alphabet).utf8)
            switch random.number(in: 0...2) {
            case 0: bytes.insert(contentsOf: new, at: position)
            case 1 where position < bytes.count: bytes.remove(at: position)
            default:
                bytes.replaceSubrange(position..<min(bytes.count, position + 1), with: new)
            }
        }
        return bytes
    }

    private static let alwaysOdd = [
        "", " ", "\t", "NULL", "null", "\\N", "\"", "'", "0", "1", "-1", "a", "é", "\u{0}",
        "1\u{0}",
        "１２", "\u{A0}1", "\u{FEFF}1", "{}", "()", "\\x", "$1", "%s", "t\u{0}", "\n1", "1\n", "1\r",
    ]

    static let labels = ["sad", "ok", "happy", "very happy", "Happy", "é", "a\"b", "'"]

    static var labelsSQL: String {
        labels.map { "'" + ($0 == "'" ? "''" : $0) + "'" }.joined(separator: ", ")
    }
}

extension SeededRandom {
    /// So many digits, the first of which may be 0.
    mutating func digits(_ count: ClosedRange<Int>) -> String {
        String((0..<number(in: count)).map { _ in Character(String(number(in: 0...9))) })
    }

    mutating func twoDigits(_ range: ClosedRange<Int>) -> String {
        let text = String(number(in: range))
        return text.count == 1 ? "0" + text : text
    }
}
