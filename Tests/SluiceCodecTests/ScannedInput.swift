import SluiceCodec
import SluiceCore
import SluiceTestSupport

/// What the scanner and the encoder make of an input that comes in chunks, in the oracle's terms.
struct ScannedInput {
    private(set) var result = OracleResult()
    /// Where the batches were cut, to see that they tile the input.
    private(set) var cuts: [Int] = []

    private let dialect: OracleDialect
    private let width: Int
    private let indexCapacity: Int
    private var scanner: RecordScanner
    private var held: [UInt8] = []

    /// - Parameters:
    ///   - chunk: bytes that come at a time.
    ///   - indexCapacity: records after which a batch is cut.
    init(
        _ bytes: [UInt8], dialect: OracleDialect, width: Int, chunk: Int, indexCapacity: Int = 7,
        engine: RecordScanner.Engine = .blocks
    ) {
        self.dialect = dialect
        self.width = width
        self.indexCapacity = indexCapacity
        scanner = RecordScanner(
            dialect: Dialect(dialect), width: dialect.hasHeader ? nil : width,
            hasHeader: dialect.hasHeader, skipLines: dialect.skipLines, recovers: true,
            engine: engine)
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        held = Array(bytes.prefix(max(start, chunk)))
        scanner.begin(at: start)
        var fed = held.count
        while scan(isFinal: fed == bytes.count) {
            let next = min(bytes.count, fed + chunk)
            held += bytes[fed..<next]
            fed = next
        }
        order()
    }

    /// Scans what is held, a batch at a time; false at the end.
    private mutating func scan(isFinal: Bool) -> Bool {
        var records = [RecordBounds](repeating: RecordBounds.none, count: indexCapacity)
        while true {
            let progress = records.withUnsafeMutableBufferPointer { bounds in
                var index = RecordIndex(bounds: bounds)
                let progress = held.withUnsafeBytes {
                    scanner.scan($0, isFinal: isFinal, into: &index)
                }
                collect(index)
                return progress
            }
            if case .header(let bounds) = progress { collectHeader(bounds) }
            if case .malformed(let record) = progress {
                result.headerFault = OracleHeaderFault(
                    line: record.line, faultLine: record.faultLine,
                    kind: OracleFaultKind(record.fault))
                return false
            }
            dropConsumed()
            switch progress {
            case .needsInput: return true
            case .finished, .malformed: return false
            case .header, .indexFull: continue
            }
        }
    }

    private mutating func collectHeader(_ bounds: RecordBounds) {
        result.header = held.withUnsafeBytes {
            fieldValues(of: bounds, in: $0, dialect: Dialect(dialect)).map(\.bytes)
        }
        scanner.width = width
    }

    private mutating func collect(_ index: RecordIndex) {
        result.linesPassed += index.linesPassed
        result.recovered += index.recovered
        for record in index.malformed {
            result.entries.append(
                .reject(
                    start: record.start, end: record.end, line: record.line,
                    faultLine: record.faultLine, kind: OracleFaultKind(record.fault),
                    omitted: record.isOmitted))
        }
        for record in index.records { result.entries.append(entry(record)) }
    }

    private func entry(_ record: RecordBounds) -> OracleEntry {
        let fields = held.withUnsafeBytes { bytes in
            fieldValues(of: record, in: bytes, width: width, dialect: Dialect(dialect))
        }
        let start = scanner.origin + Int(record.start)
        return .record(
            start: start, end: scanner.origin + Int(record.end), line: 0,
            fields: fields.map { OracleField(bytes: $0.bytes, isQuoted: false) })
    }

    private mutating func dropConsumed() {
        let consumed = scanner.consumed
        _ = held.withUnsafeBytes { scanner.lineAtConsumed(in: $0) }
        held.removeFirst(consumed)
        scanner.rebase(droppingFirst: consumed)
        cuts.append(scanner.origin)
    }

    /// A batch lists its malformed records apart.
    private mutating func order() {
        result.entries.sort { $0.start < $1.start }
    }
}

extension OracleEntry {
    var start: Int {
        switch self {
        case .record(let start, _, _, _): start
        case .reject(let start, _, _, _, _, _): start
        }
    }
}

extension OracleResult {
    /// Without what the scanner does not say: the lines of good records, and which fields were
    /// quoted.
    ///
    /// - Parameter hasLines: false leaves all line numbers out. A file of lone carriage returns
    ///   is known as such from its first line end outside quotes on; the scanner can't count the
    ///   lines before it as the oracle does, which knows the end.
    ///
    /// Whether a reject is omitted is left out where it is about as long as may be held: the
    /// scanner calls omitted what it could not hold, the oracle what is longer than the limit.
    func comparable(hasLines: Bool, dialect: OracleDialect) -> OracleResult {
        var result = self
        if !hasLines {
            result.headerFault?.line = 0
            result.headerFault?.faultLine = 0
        }
        result.entries = entries.map { entry in
            switch entry {
            case .record(let start, let end, _, let fields):
                .record(
                    start: start, end: end, line: 0,
                    fields: fields.map { OracleField(bytes: $0.bytes, isQuoted: false) })
            case .reject(let start, let end, let line, let faultLine, let kind, let omitted):
                .reject(
                    start: start, end: end, line: hasLines ? line : 0,
                    faultLine: hasLines ? faultLine : 0, kind: kind,
                    omitted: omitted && end - start > dialect.maxRecordBytes + 3)
            }
        }
        return result
    }
}

extension RecordBounds {
    static let none = RecordBounds(start: 0, end: 0)
}

extension OracleFaultKind {
    init(_ fault: MalformedRecord.Fault) {
        self =
            switch fault {
            case .width(let found): .width(found: found)
            case .textAfterQuote: .textAfterQuote
            case .unclosedQuote: .unclosedQuote
            case .loneCarriageReturn: .loneCarriageReturn
            case .tooLong: .tooLong
            }
    }
}

extension Dialect {
    init(_ dialect: OracleDialect) {
        self.init(
            delimiter: dialect.delimiter, quote: dialect.quote, escape: dialect.escape,
            quoting: Quoting(rawValue: dialect.quoting.rawValue)!, null: dialect.null,
            comment: dialect.comment, maxRecordBytes: ByteCount(dialect.maxRecordBytes))
    }
}
