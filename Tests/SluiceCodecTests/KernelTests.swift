import CKernels
import SluiceTestSupport
import Testing

@Suite struct KernelTests {
    @Test("where lines and fields end is found by vectors of every width that this CPU has")
    func lines() {
        var random = SeededRandom(seed: TestSettings.seed)
        for length in [64, 128, 192, 4_096] {
            let bytes = (0..<length).map { _ in
                random.pick(Array(",\"\n\ra".utf8) + [0x00, 0x7F, 0x80, 0xAC, 0xFF])
            }
            let wanted = stride(from: 0, to: length, by: 64).map { Masks(bytes[$0..<$0 + 64]) }
            for width: Int32 in [128, 256, 512] {
                guard let found = Masks.find(in: bytes, width: width) else { continue }
                #expect(found == wanted, "seed \(TestSettings.seed), \(width) bits")
            }
            #expect(Masks.find(in: bytes, width: 128) != nil, "every CPU has the least")
        }
    }
}

private struct Masks: Equatable {
    var delimiters: UInt64
    var lineFeeds: UInt64
    var quotes: UInt64
    var returns: UInt64
    var delimiterCount: UInt64

    /// One byte after the other.
    init(_ block: ArraySlice<UInt8>) {
        func mask(_ byte: Character) -> UInt64 {
            block.enumerated().reduce(0) { mask, item in
                item.element == byte.asciiValue ? mask | 1 << UInt64(item.offset) : mask
            }
        }
        delimiters = mask(",")
        lineFeeds = mask("\u{0A}")
        quotes = mask("\"")
        returns = mask("\u{0D}")
        delimiterCount = UInt64(delimiters.nonzeroBitCount)
    }

    private init(_ masks: sluice_line_masks) {
        delimiters = masks.delimiters
        lineFeeds = masks.line_feeds
        quotes = masks.quotes
        returns = masks.returns
        delimiterCount = masks.delimiter_count
    }

    /// nil: this CPU has no vectors so wide.
    static func find(in bytes: [UInt8], width: Int32) -> [Masks]? {
        var masks = [sluice_line_masks](repeating: sluice_line_masks(), count: bytes.count / 64)
        let isFound = sluice_find_lines_by(
            width, bytes, masks.count, UInt8(ascii: ","), UInt8(ascii: "\""), &masks)
        return isFound == 1 ? masks.map(Masks.init) : nil
    }
}
