import FuzzSupport
import SluiceCodec

/// Parts the values of an input.
private let separator: UInt8 = 2

/// Any bytes as values of any type: the tuples are whole, and the same in pieces of any length,
/// from any place in memory, from quotes, and behind where they stand.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var choices = Choices(start, count)
    let type = ValueType.all[choices.number(below: ValueType.all.count)]
    let piece = 64 + Int(choices.byte()) * (choices.flag() ? 16 : 1)
    let slack = choices.pick([0, 64, 63, 1, 200])
    // The delimiter, which would part a field in two.
    let data = choices.data.filter { $0 != ValueRun.delimiter }
    let values = data.split(separator: separator, omittingEmptySubsequences: false).map(Array.init)
    let whole = ValueRun(values, type, slack: 64)
    expect(whole.isWellFormed(of: values.count), "\(type): \(data.told)")
    checkPieces(values, type, piece: piece, slack: slack)
    checkPlace(values, type, slack: slack, whole)
    checkQuotes(values, type, whole)
    checkOffsets(values, type, piece: piece, slack: slack, whole)
    return 0
}

/// A record that a piece can't hold is for the text lane; the others are as in one piece.
private func checkPieces(_ values: [[UInt8]], _ type: BinaryType, piece: Int, slack: Int) {
    let cut = ValueRun(values, type, slack: slack, piece: piece)
    let sure = values.indices.filter { !cut.unsure.contains(UInt32($0)) }.map { values[$0] }
    let whole = ValueRun(sure, type, slack: 64)
    expect(cut.bytes == whole.bytes && whole.unsure.isEmpty, "\(type), piece \(piece)")
}

private func checkPlace(_ values: [[UInt8]], _ type: BinaryType, slack: Int, _ whole: ValueRun) {
    let placed = ValueRun(values, type, slack: slack)
    expect(placed == whole, "\(type), slack \(slack): \(values.map(\.told))")
}

/// Quotes around a value, and a NULL text that none is, change nothing but what is sure.
private func checkQuotes(_ values: [[UInt8]], _ type: BinaryType, _ whole: ValueRun) {
    let quoted = ValueRun(values, type, slack: 64, isQuoted: true)
    // What has to be unquoted aside has less room.
    let isShort = values.allSatisfy { $0.count * 2 < 900 }
    expect(!isShort || quoted == whole, "\(type), quoted: \(values.map(\.told))")
}

/// Where a value stands goes before it and changes none, in pieces of any length.
private func checkOffsets(
    _ values: [[UInt8]], _ type: BinaryType, piece: Int, slack: Int, _ whole: ValueRun
) {
    // Up to the highest place that there is.
    let base = Int.max - values.reduce(0) { $0 + $1.count }
    let cut = ValueRun(values, type, slack: slack, piece: piece, offsetBase: base)
    let wanted = whole.bytes(of: values, offsetBase: base, without: cut.unsure)
    expect(
        cut.bytes == wanted && Set(cut.unsure).isSuperset(of: whole.unsure),
        "\(type), piece \(piece), offsets: \(values.map(\.told))")
}

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer
) -> CInt {
    writeSeeds { random in
        let type = random.number(in: 0...ValueType.all.count - 1)
        let choices = (0..<3).map { _ in UInt8(random.number(in: 0...255)) }
        let values = (0..<random.number(in: 1...4)).map { _ in
            random.oneIn(4) ? HostileCSV.anyBytes(&random).bytes : ValueType.text(&random)
        }
        return [UInt8(type)] + choices + values.joined(separator: [separator])
    }
    return 0
}
