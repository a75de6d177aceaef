/// Whether bytes are text that the server takes: UTF-8 without NUL.
enum TextCheck {
    /// ASCII without NUL.
    @inline(__always)
    static func isASCII(_ text: FieldText) -> Bool {
        let (start, count) = (text.start, text.count)
        var (all, some): (UInt64, UInt64) = (.max, 0)
        var position = 0
        while position + 32 <= count {
            for offset in stride(from: 0, to: 32, by: 8) {
                let word = (start + position + offset).word
                some |= word
                // In ASCII the upper bit is set of all bytes but NUL.
                all &= word &+ 0x7F7F_7F7F_7F7F_7F7F
            }
            position += 32
        }
        while position < count {
            let left = UInt64(truncatingIfNeeded: min(8, count - position))
            // What is not there counts as ones.
            let word = (start + position).word & (.max &>> (64 &- 8 &* left))
            some |= word
            all &= word &+ 0x7F7F_7F7F_7F7F_7F7F | ~(.max &>> (64 &- 8 &* left))
            position += 8
        }
        return some & upperBits == 0 && all & upperBits == upperBits
    }

    private static let upperBits: UInt64 = 0x8080_8080_8080_8080

    /// UTF-8 without NUL.
    @inline(never)
    static func isText(_ text: FieldText) -> Bool {
        let (start, count) = (text.start, text.count)
        var position = 0
        while position < count {
            let byte = start[position]
            if byte < 0x80 {
                guard byte != 0 else { return false }
                position += 1
                if position + 8 <= count, isASCII(FieldText(start + position, count: 8)) {
                    position += 8
                }
                continue
            }
            let length = sequenceLength(start + position, left: count - position)
            guard length > 0 else { return false }
            position += length
        }
        return true
    }

    /// How long a character beyond ASCII is; 0: it is not well formed.
    @inline(__always)
    private static func sequenceLength(_ start: UnsafePointer<UInt8>, left: Int) -> Int {
        let lead = start[0]
        switch lead {
        case 0xC2...0xDF:
            return left >= 2 && isFurther(start[1]) ? 2 : 0
        case 0xE0...0xEF:
            guard left >= 3, isFurther(start[1]), isFurther(start[2]) else { return 0 }
            // Neither in more bytes than it needs, nor a half of a surrogate pair.
            let isBad = lead == 0xE0 && start[1] < 0xA0 || lead == 0xED && start[1] > 0x9F
            return isBad ? 0 : 3
        case 0xF0...0xF4:
            guard left >= 4, isFurther(start[1]), isFurther(start[2]), isFurther(start[3]) else {
                return 0
            }
            let isBad = lead == 0xF0 && start[1] < 0x90 || lead == 0xF4 && start[1] > 0x8F
            return isBad ? 0 : 4
        default:
            return 0
        }
    }

    /// Whether a byte carries on a character.
    @inline(__always)
    private static func isFurther(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    /// Whether UTF-8 has no more characters than this.
    @inline(__always)
    static func hasAtMost(_ limit: Int, _ text: FieldText) -> Bool {
        text.count <= limit || countsAtMost(limit, text)
    }

    @inline(never)
    private static func countsAtMost(_ limit: Int, _ text: FieldText) -> Bool {
        var characters = 0
        for index in 0..<text.count where !isFurther(text[index]) { characters += 1 }
        return characters <= limit
    }
}
