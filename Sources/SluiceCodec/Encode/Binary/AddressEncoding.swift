/// inet and cidr: version 4 addresses in four parts.
enum AddressEncoding {
    private static let family: UInt8 = 2
    static let byteCount = 8

    /// - Parameter isNetwork: cidr, which refuses bits behind the network's.
    static func encode(
        _ text: FieldText, isNetwork: Bool, into output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var (rest, address) = (text, UInt32(0))
        for part in 0..<4 {
            if part > 0 {
                guard rest.count > 0, rest[0] == .point else { return nil }
                rest = rest.dropFirst()
            }
            guard let number = takeNumber(&rest), number < 256 else { return nil }
            address = address << 8 | number
        }
        var bits: UInt32 = 32
        if rest.count > 0 {
            guard rest[0] == UInt8(ascii: "/") else { return nil }
            rest = rest.dropFirst()
            guard let number = takeNumber(&rest), number <= 32, rest.count == 0 else { return nil }
            bits = number
        }
        let hostBits = bits == 32 ? 0 : UInt32.max >> bits
        guard !isNetwork || address & hostBits == 0 else { return nil }
        output[0] = family
        output[1] = UInt8(bits)
        output[2] = isNetwork ? 1 : 0
        output[3] = 4
        (output + 4).store(address)
        return byteCount
    }

    /// One to three digits; the first is 0 only if it is alone.
    private static func takeNumber(_ text: inout FieldText) -> UInt32? {
        var (count, number) = (0, UInt32(0))
        while count < min(3, text.count), text[count].isDigit {
            number = number * 10 + UInt32(text[count] - .zero)
            count += 1
        }
        guard count == 1 || count > 1 && text[0] != .zero else { return nil }
        text = text.dropFirst(count)
        return number
    }
}
