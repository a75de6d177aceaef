/// What of an import is in the table, for people.
package struct CommittedSummary: Sendable {
    package struct Range: Sendable {
        package var file: String
        package var lines: ClosedRange<Int>

        package init(file: String, lines: ClosedRange<Int>) {
            self.file = file
            self.lines = lines
        }
    }

    private let rows: Int
    private let ranges: [Range]
    private let namesFiles: Bool

    /// - Parameter namesFiles: with several files each range says whose it is.
    package init(rows: Int, ranges: [Range], namesFiles: Bool) {
        self.rows = rows
        self.ranges = ranges
        self.namesFiles = namesFiles
    }

    package var text: String {
        if ranges.isEmpty {
            return rows == 0
                ? "nothing" : "\(grouped(rows)) rows or more; which lines is unknown"
        }
        return "\(counted(rows, "row")): \(rangesText); nothing else"
    }

    private var rangesText: String {
        let texts = ranges.map {
            namesFiles ? "\($0.file) lines \($0.linesText)" : $0.linesText
        }
        return (namesFiles ? "" : "lines ") + texts.joined(separator: ", ")
    }
}

extension CommittedSummary.Range {
    fileprivate var linesText: String {
        lines.count == 1
            ? String(lines.lowerBound) : "\(lines.lowerBound)-\(lines.upperBound)"
    }
}
