import FuzzSupport
import SluiceCodec
import SluiceCore

/// Any bytes, cut anywhere, in any dialect: both engines find the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var choices = Choices(start, count)
    let shape = ScanShape(&choices)
    let input = choices.data
    let blocks = ScanRun(input, shape, .blocks)
    let reference = ScanRun(input, shape, .reference)
    expect(blocks.found == reference.found, "\(shape): \(blocks) \(reference): \(input.told)")
    compareWithUncut(blocks, input, shape)
    return 0
}

/// Where the cuts are does not count, but for what the caller has cut itself.
private func compareWithUncut(_ cut: ScanRun, _ input: [UInt8], _ shape: ScanShape) {
    // In a file of lone CRs, whether the limit falls amid CR CR LF depends on the cut.
    let hasLines = !input.hasLoneReturn
    guard hasLines || shape.dialect.maxRecordBytes.bytes > input.count else { return }
    let whole = ScanRun(input, shape.uncut(length: input.count), .blocks)
    let (found, wanted) = [cut, whole].map { $0.found.comparable(hasLines: hasLines, shape) }.pair
    expect(found == wanted, "\(shape): \(found) \(wanted): \(input.told)")
}

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer
) -> CInt {
    writeSeeds { random in
        let isNoise = random.oneIn(2)
        let any = HostileCSV.anyBytes(&random)
        let csv = HostileCSV.copyable(&random, insideQuotes: random.oneIn(4))
        let (dialect, bytes) = isNoise ? (any.dialect, any.bytes) : (csv.dialect, csv.bytes)
        let width = isNoise ? any.width : csv.columns.count
        guard let chosen = ChosenDialect(dialect) else { return nil }
        let rest = [
            UInt8(width - 1), dialect.hasHeader ? 1 : 0, 1, UInt8(dialect.skipLines),
            UInt8(random.number(in: 0...4)),
        ]
        let cuts = (0..<4).map { _ in UInt8(random.number(in: 0...255)) }
        return chosen.choices + rest + cuts + bytes
    }
    return 0
}

extension [UInt8] {
    fileprivate var hasLoneReturn: Bool {
        indices.contains { self[$0] == 0x0D && ($0 + 1 == count || self[$0 + 1] != 0x0A) }
    }
}

extension Array {
    fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}
