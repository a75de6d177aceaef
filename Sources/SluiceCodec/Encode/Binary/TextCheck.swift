import CKernels

/// Whether bytes are text that the server takes: UTF-8 without NUL.
enum TextCheck {
    /// UTF-8 without NUL.
    ///
    /// - Parameter text: as anywhere, has `FieldText.slack` bytes behind it.
    @inline(never)
    static func isText(_ text: FieldText) -> Bool {
        let (start, count) = (text.start, text.count)
        var position = 0
        while position < count {
            let left = count &- position
            var unusual = sluice_unusual64(start + position)
            if left < 64 { unusual &= (1 &<< UInt64(left)) &- 1 }
            // Where the last character ends, perhaps beyond the 64 bytes.
            var end = 0
            while unusual != 0 {
                let first = unusual.trailingZeroBitCount
                let length = sequenceLength(start + position + first, left: left &- first)
                guard length > 0 else { return false }
                end = first &+ length
                unusual &= UInt64.max << UInt64(end)
            }
            position &+= max(64, end)
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
