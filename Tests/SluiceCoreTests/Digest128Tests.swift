import SluiceCore
import SluiceTestSupport
import Testing

/// Ledgers keep digests: they never change, and tell any change of the bytes.
@Suite struct Digest128Tests {
    private func digest(_ bytes: [UInt8]) -> Digest128 {
        bytes.withUnsafeBytes { Digest128(of: $0) }
    }

    private func digest(_ text: String) -> Digest128 { digest(Array(text.utf8)) }

    /// 0, 1, 2 … 255, 0, 1 …
    private func counting(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    }

    // MARK: What is stored

    @Test func `digests are what they were when ledgers were first written`() {
        #expect(digest("").description == "d2c9f15686afe843862cfcb4a1372342")
        #expect(digest("a").description == "f74b27d544126fb6601e3bb0a622e960")
        #expect(digest("pgsluice").description == "6d197f9c24179256997e7f50502b5cb0")
        #expect(digest(counting(63)).description == "60496b903882c3222f21cb1cd130de6c")
        #expect(digest(counting(64)).description == "8f5b4b94424cff77dfd12185f93fcbb9")
        #expect(digest(counting(65)).description == "0629d6cfd2e4ebe919450644e8aa0857")
        #expect(digest(counting(1_000_000)).description == "0714a2c0c2421b71a1bcd3ee9d95a77a")
    }

    @Test func `a digest is written and read as 32 hex digits`() {
        let digest = Digest128(high: 0x0123_4567_89AB_CDEF, low: 10)
        #expect(digest.description == "0123456789abcdef000000000000000a")
        #expect(Digest128(hex: "0123456789ABCDEF000000000000000A") == digest)
        #expect(Digest128(hex: "01234567-89ab-cdef-0000-00000000000a") == digest)
        for text in ["", "0", String(repeating: "0", count: 33), String(repeating: "g", count: 32)]
        {
            #expect(Digest128(hex: text) == nil)
        }
    }

    // MARK: Pieces

    @Test func `where the bytes are cut makes no difference`() {
        var random = SeededRandom(seed: TestSettings.seed)
        for _ in 0..<500 {
            let bytes = (0..<random.number(in: 0...300)).map { _ in
                UInt8(truncatingIfNeeded: random.next())
            }
            var accumulator = Digest128.Accumulator()
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(random.number(in: 0...130))
                piece.withUnsafeBytes { accumulator.add($0) }
                rest = rest.dropFirst(piece.count)
                let read = Array(bytes.dropLast(rest.count))
                #expect(accumulator.digest == digest(read))
            }
        }
    }

    // MARK: Quality

    @Test(arguments: [1, 8, 16, 17, 63, 64, 65, 200])
    func `each bit changes half of the digest's`(length: Int) {
        var flips = [Int](repeating: 0, count: 128)
        var random = SeededRandom(seed: TestSettings.seed)
        var rounds = 0
        for _ in 0..<(2_000 / length + 5) {
            var bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let before = digest(bytes)
            for bit in 0..<(8 * length) {
                bytes[bit / 8] ^= 1 << (bit % 8)
                let change = changed(before, digest(bytes))
                bytes[bit / 8] ^= 1 << (bit % 8)
                for index in change { flips[index] += 1 }
                rounds += 1
                #expect((24...104).contains(change.count), "bit \(bit) of \(length) bytes")
            }
        }
        for (index, count) in flips.enumerated() {
            let share = Double(count) / Double(rounds)
            #expect((0.45...0.55).contains(share), "bit \(index) of the digest: \(share)")
        }
    }

    private func changed(_ one: Digest128, _ other: Digest128) -> [Int] {
        let (high, low) = (one.high ^ other.high, one.low ^ other.low)
        return (0..<64).filter { high >> $0 & 1 == 1 }
            + (0..<64).filter { low >> $0 & 1 == 1 }.map { $0 + 64 }
    }

    /// Either half alone tells them apart: chance would let two of them meet once in 10^8 runs.
    @Test func `small changes never meet`() {
        var texts: Set<[UInt8]> = []
        for length in 0...300 {
            texts.insert([UInt8](repeating: 0, count: length))
            texts.insert([UInt8](repeating: 0x20, count: length))
            texts.insert(counting(length))
        }
        for number in 0..<50_000 {
            texts.insert(Array("\(number),2024-01-01,\(number % 7)\n".utf8))
        }
        let line = Array(String(repeating: "1,Anna,2.50\n", count: 20).utf8)
        for index in line.indices {
            for value in UInt8.min ... .max {
                var changed = line
                changed[index] = value
                texts.insert(changed)
            }
        }
        // The start values of the lanes make factors of 0.
        for word in 0..<8 { texts.insert(cancelling(word)) }
        let digests = texts.map(digest)
        #expect(Set(digests.map(\.high)).count == texts.count)
        #expect(Set(digests.map(\.low)).count == texts.count)
    }

    private func cancelling(_ word: Int) -> [UInt8] {
        let starts: [UInt64] = [
            0x6A09_E667_F3BC_C908, 0xBB67_AE85_84CA_A73B, 0x3C6E_F372_FE94_F82B,
            0xA54F_F53A_5F1D_36F1, 0x510E_527F_ADE6_82D1, 0x9B05_688C_2B3E_6C1F,
            0x1F83_D9AB_FB41_BD6B, 0x5BE0_CD19_137E_2179,
        ]
        var bytes = [UInt8](repeating: 1, count: 64)
        withUnsafeBytes(of: starts[word].littleEndian) { start in
            for (index, byte) in start.enumerated() { bytes[8 * word + index] = byte }
        }
        return bytes
    }

    /// Lines that change places, words that change places: what sums and exclusive ors don't see.
    @Test func `the order counts`() {
        let parts = (0..<24).map { [UInt8](repeating: UInt8($0), count: 8) }
        let whole = digest(parts.flatMap { $0 })
        for one in parts.indices {
            for other in parts.indices where other > one {
                var swapped = parts
                swapped.swapAt(one, other)
                #expect(digest(swapped.flatMap { $0 }) != whole)
            }
        }
    }
}
