/// The reading of one file: what is passed over, header, records; recovery is in `Oracle+Recovery`.
struct Oracle {
    /// An entry by offsets only: line numbers wait until the file's line ends are known.
    enum Finding {
        case record(start: Int, end: Int, fields: [OracleField])
        case reject(start: Int, end: Int, fault: Int, kind: OracleFaultKind, omitted: Bool)
    }

    var text: OracleText
    let dialect: OracleDialect
    let width: Int
    var findings: [Finding] = []
    var linesPassed = 0
    var recovered = 0

    private var position: Int
    private var header: [[UInt8]]?
    private var headerFault: (start: Int, fault: Int, kind: OracleFaultKind)?

    init(_ input: [UInt8], dialect: OracleDialect, width: Int) {
        text = OracleText(input, dialect: dialect)
        position = text.start
        self.dialect = dialect
        self.width = width
    }

    mutating func read() -> OracleResult {
        for _ in 0..<dialect.skipLines where position < text.end { passLine() }
        if dialect.hasHeader { readHeader() }
        while headerFault == nil, position < text.end {
            // COPY takes a blank line for a row if the table has one column.
            if isComment(at: position) || (width > 1 && isBlank(at: position)) {
                passLine()
            } else {
                position = readRecord(at: position)
            }
        }
        return result()
    }

    // MARK: Lines that are no records

    func isBlank(at start: Int) -> Bool {
        text.lineEndLength(at: start, before: text.end) > 0
    }

    func isComment(at start: Int) -> Bool {
        text.bytes[start] == dialect.comment
    }

    private mutating func passLine() {
        position = text.takeLine(from: position).end
        linesPassed += 1
    }

    // MARK: Header

    private mutating func readHeader() {
        while position < text.end, isBlank(at: position) || isComment(at: position) { passLine() }
        guard position < text.end else { return }
        var reader = OracleRecordReader(text, at: position, dialect: dialect)
        let stop = reader.read()
        text = reader.text
        if let fault = firstFault(of: reader, stoppedBy: stop, from: position) {
            headerFault = (position, fault.offset, fault.kind)
        } else if case .ended(_, let next) = stop {
            header = reader.fields.map(\.bytes)
            position = next
        }
    }

    // MARK: Result

    private func result() -> OracleResult {
        let lineStarts = text.decided.lines(startingIn: text.start..<text.end).map(\.start)
        func line(of offset: Int) -> Int {
            lineStarts.partitioningIndex { $0 > offset }
        }
        var result = OracleResult()
        result.header = header
        result.headerFault = headerFault.map {
            OracleHeaderFault(
                line: line(of: $0.start), faultLine: line(of: $0.fault), kind: $0.kind)
        }
        result.entries = findings.map { $0.entry(line: line) }
        result.linesPassed = linesPassed
        result.recovered = recovered
        return result
    }
}

extension Oracle.Finding {
    fileprivate func entry(line: (_ offset: Int) -> Int) -> OracleEntry {
        switch self {
        case .record(let start, let end, let fields):
            .record(start: start, end: end, line: line(start), fields: fields)
        case .reject(let start, let end, let fault, let kind, let omitted):
            .reject(
                start: start, end: end, line: line(start), faultLine: line(fault), kind: kind,
                omitted: omitted)
        }
    }
}

extension [Int] {
    /// The first index whose element fulfils the predicate; all behind it must do so too.
    fileprivate func partitioningIndex(where belongsBehind: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if belongsBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
