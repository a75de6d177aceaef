import SluiceTestSupport

/// A CSV with bad records, one on each line, and what reading alone has to say of them.
struct DirtyFile: Sendable {
    struct Record: Sendable {
        /// With its line end.
        var bytes: [UInt8]
        var isWellFormed: Bool
    }

    let header: [UInt8]
    let records: [Record]

    var bytes: [UInt8] { header + records.flatMap(\.bytes) }

    /// - Parameter dirt: one value in so many is odd; 1: all are.
    init(_ table: DirtyTable, records count: Int, dirt: Int, _ random: inout SeededRandom) {
        header = Array((table.columns.map(\.name).joined(separator: ",") + "\n").utf8)
        records = (0..<count).map { number in
            let values = table.columns.map {
                table.value(of: $0, record: number + 1_000, dirt: dirt, &random)
            }
            let ruined = random.oneIn(dirt == 1 ? 3 : dirt * 12) ? values.count - 1 : nil
            var fields = values.enumerated().map { index, value in
                Self.field(Array(value.utf8) + (index == ruined ? [0xFF] : []), &random)
            }
            let isShort = random.oneIn(dirt == 1 ? 3 : dirt * 12)
            if isShort { fields.append(Array("more".utf8)) }
            let end: [UInt8] = random.oneIn(9) ? [13, 10] : [10]
            return Record(
                bytes: Array(fields.joined(separator: [UInt8(ascii: ",")])) + end,
                isWellFormed: !isShort)
        }
    }

    private static func field(_ value: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        let needsQuotes = value.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
        guard needsQuotes || (!value.isEmpty && random.oneIn(6)) else { return value }
        var quoted: [UInt8] = [0x22]
        for byte in value { quoted += byte == 0x22 ? [0x22, 0x22] : [byte] }
        return quoted + [0x22]
    }
}
