/// A fast 128-bit hash of bytes, to tell whether they have changed.
///
/// Not cryptographic: who may choose the bytes can make two texts of one digest. It is stored in
/// ledgers, so that it never changes:
///
/// 1. Four lanes of two 64-bit words start from the fractional bits of the square roots of the
///    first eight primes.
/// 2. The bytes are taken in stripes of 64, each as eight little-endian words; the last one is
///    filled up with zeros. Lane *i* takes words *2i* and *2i + 1* by `mix`.
/// 3. A fifth lane starts from the byte count and the cube root of 2, takes the four lanes in turn
///    and then its start twice, by `stir`.
/// 4. Its words are finished as MurmurHash3 finishes its own, and are the high and the low half.
public struct Digest128: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(of bytes: UnsafeRawBufferPointer) {
        var accumulator = Accumulator()
        accumulator.add(bytes)
        self = accumulator.digest
    }

    /// Takes bytes piece by piece; where they are cut makes no difference.
    public struct Accumulator: Sendable {
        private static let stripeLength = 64

        private var lanes = Lanes()
        private var byteCount = 0
        /// The beginning of a stripe, `byteCount % 64` bytes of it.
        private var rest = InlineArray<64, UInt8>(repeating: 0)

        public init() {}

        public mutating func add(_ bytes: UnsafeRawBufferPointer) {
            var bytes = bytes[...]
            if restLength > 0 { fillStripe(from: &bytes) }
            guard !bytes.isEmpty else { return }
            let tailLength = bytes.count % Self.stripeLength
            lanes.take(UnsafeRawBufferPointer(rebasing: bytes.dropLast(tailLength)))
            byteCount += bytes.count - tailLength
            var tail = bytes.suffix(tailLength)
            keep(&tail)
        }

        /// Of all bytes so far.
        public var digest: Digest128 {
            var lanes = lanes
            if restLength > 0 {
                var stripe = InlineArray<64, UInt8>(repeating: 0)
                for index in 0..<restLength { stripe[index] = rest[index] }
                withUnsafeBytes(of: stripe) { lanes.take($0) }
            }
            return lanes.digest(byteCount: byteCount)
        }

        private var restLength: Int { byteCount % Self.stripeLength }

        private mutating func fillStripe(from bytes: inout Slice<UnsafeRawBufferPointer>) {
            keep(&bytes)
            if restLength == 0 { withUnsafeBytes(of: rest) { lanes.take($0) } }
        }

        /// Moves bytes to `rest`, as far as there is room.
        private mutating func keep(_ bytes: inout Slice<UnsafeRawBufferPointer>) {
            let start = restLength
            let taken = bytes.prefix(Self.stripeLength - start)
            withUnsafeMutableBytes(of: &rest) { rest in
                UnsafeMutableRawBufferPointer(rebasing: rest[start...]).copyBytes(from: taken)
            }
            byteCount += taken.count
            bytes = bytes.dropFirst(taken.count)
        }
    }
}

// MARK: Text

extension Digest128: CustomStringConvertible {
    /// 32 hex digits, in lower case.
    public var description: String { Self.hex(high) + Self.hex(low) }

    /// - Parameter hex: 32 hex digits; dashes between them are passed over. Nil for all else.
    public init?(hex: some StringProtocol) {
        let digits = hex.utf8.filter { $0 != UInt8(ascii: "-") }
        guard digits.count == 32 else { return nil }
        var words: [UInt64] = [0, 0]
        for (index, digit) in digits.enumerated() {
            guard let value = Character(UnicodeScalar(digit)).hexDigitValue else { return nil }
            words[index / 16] = words[index / 16] << 4 | UInt64(value)
        }
        self.init(high: words[0], low: words[1])
    }

    private static func hex(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

// MARK: Lanes

/// Two words that bytes are mixed into.
private struct Lane {
    var first: UInt64
    var second: UInt64

    /// A product of both words loses nothing of them: what a factor of 0 would swallow stays.
    mutating func mix(_ one: UInt64, _ other: UInt64) {
        first ^= one
        second ^= other
        let product = first.multipliedFullWidth(by: second)
        first ^= product.low
        second ^= product.high
    }

    /// The high bits of a product are its better ones: they change places with the low ones.
    mutating func stir(_ one: UInt64, _ other: UInt64) {
        mix(one, other)
        (first, second) = (second, first)
    }

    /// The words, with every bit depending on every other, one to one.
    var finished: Digest128 {
        var (high, low) = (first, second)
        high &+= low
        low &+= high
        high = Self.avalanche(high)
        low = Self.avalanche(low)
        high &+= low
        low &+= high
        return Digest128(high: high, low: low)
    }

    private static func avalanche(_ word: UInt64) -> UInt64 {
        var word = word
        word ^= word >> 33
        word &*= 0xFF51_AFD7_ED55_8CCD
        word ^= word >> 33
        word &*= 0xC4CE_B9FE_1A85_EC53
        word ^= word >> 33
        return word
    }
}

/// Four that do not wait for each other.
private struct Lanes {
    private var lane0 = Lane(first: 0x6A09_E667_F3BC_C908, second: 0xBB67_AE85_84CA_A73B)
    private var lane1 = Lane(first: 0x3C6E_F372_FE94_F82B, second: 0xA54F_F53A_5F1D_36F1)
    private var lane2 = Lane(first: 0x510E_527F_ADE6_82D1, second: 0x9B05_688C_2B3E_6C1F)
    private var lane3 = Lane(first: 0x1F83_D9AB_FB41_BD6B, second: 0x5BE0_CD19_137E_2179)

    /// - Parameter stripes: whole ones.
    mutating func take(_ stripes: UnsafeRawBufferPointer) {
        // A copy stays in registers.
        var lanes = self
        for start in stride(from: 0, to: stripes.count, by: 64) {
            func word(_ index: Int) -> UInt64 {
                UInt64(
                    littleEndian: stripes.loadUnaligned(
                        fromByteOffset: start + 8 * index, as: UInt64.self))
            }
            lanes.lane0.mix(word(0), word(1))
            lanes.lane1.mix(word(2), word(3))
            lanes.lane2.mix(word(4), word(5))
            lanes.lane3.mix(word(6), word(7))
        }
        self = lanes
    }

    func digest(byteCount: Int) -> Digest128 {
        let start = (UInt64(byteCount), 0x428A_2F98_D728_AE22 as UInt64)
        var last = Lane(first: start.0, second: start.1)
        for lane in [lane0, lane1, lane2, lane3] { last.stir(lane.first, lane.second) }
        last.stir(start.0, start.1)
        last.stir(start.0, start.1)
        return last.finished
    }
}
