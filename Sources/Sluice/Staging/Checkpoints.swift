/// Places in a file at which reading may begin anew, with line and record number.
///
/// They lie the farther apart the longer the file is: there are never more than so many.
struct Checkpoints: Sendable {
    struct Place: Sendable {
        var byte: Int
        var line: Int
        var record: Int
    }

    private static let most = 2_048

    private(set) var places: [Place] = []
    private var spacing = 1

    /// Batches come in the order of the file.
    mutating func add(_ batch: Batch) {
        let place = Place(
            byte: batch.range.lowerBound, line: batch.firstLine, record: batch.firstRecord)
        guard places.last.map({ place.byte - $0.byte >= spacing }) ?? true else { return }
        if places.count == Self.most { thin() }
        places.append(place)
    }

    private mutating func thin() {
        places = stride(from: 0, to: places.count, by: 2).map { places[$0] }
        let length = places[places.count - 1].byte - places[0].byte
        spacing = length / places.count
    }

    /// The file without the stretches behind these places, as batches that need not be read.
    ///
    /// What stands behind the last place is never among them: how long that is nobody has noted.
    func passed(byNeeding needed: Set<Int>, file: Int) -> [LedgerBatch] {
        zip(places.indices, zip(places, places.dropFirst())).compactMap { index, bounds in
            needed.contains(index) ? nil : Self.stretch(bounds.0, bounds.1, file: file)
        }
    }

    private static func stretch(_ start: Place, _ end: Place, file: Int) -> LedgerBatch {
        LedgerBatch(
            source: file, range: start.byte..<end.byte, firstRecord: start.record,
            records: end.record - start.record, firstLine: start.line,
            lines: end.line - start.line, lastLine: end.line - 1, hash: .unknown,
            counts: ImportCounts())
    }
}
