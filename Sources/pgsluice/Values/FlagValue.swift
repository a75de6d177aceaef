/// Readers of the values of flags. Each throws an error that names the flag.
package enum FlagValue {
    /// A whole number in `range`.
    package static func number(
        _ text: String, of flag: String, in range: ClosedRange<Int>
    ) throws(UsageError) -> Int {
        let isWhole = !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
        guard isWhole, let number = Int(text), range.contains(number) else {
            let limit =
                range.upperBound == .max
                ? "from \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw UsageError("\(flag): '\(text)' is no whole number \(limit)")
        }
        return number
    }

    /// A decimal number from 0 to 1.
    package static func ratio(_ text: String, of flag: String) throws(UsageError) -> Double {
        let isDecimal = text.utf8.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
        guard isDecimal, let ratio = Double(text), (0...1).contains(ratio) else {
            throw UsageError("\(flag): '\(text)' is no number from 0 to 1")
        }
        return ratio
    }

    /// One byte: itself, `\t` or `tab`, `space`, or `\xHH`.
    package static func byte(_ text: String, of flag: String) throws(UsageError) -> UInt8 {
        guard let byte = namedByte(text) else {
            throw UsageError(
                "\(flag): '\(text)' is not one byte; write it itself, \\t, tab, space or \\xHH")
        }
        guard ![0, UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains(byte) else {
            throw UsageError("\(flag): a line end or a zero byte can't be meant")
        }
        return byte
    }

    private static func namedByte(_ text: String) -> UInt8? {
        switch text {
        case "\\t", "tab": return UInt8(ascii: "\t")
        case "space": return UInt8(ascii: " ")
        default: break
        }
        let bytes = Array(text.utf8)
        if bytes.count == 1 { return bytes[0] }
        let digits = text.dropFirst(2)
        let isHex = text.hasPrefix("\\x") && bytes.count == 4 && digits.allSatisfy(\.isHexDigit)
        return isHex ? UInt8(digits, radix: 16) : nil
    }
}
