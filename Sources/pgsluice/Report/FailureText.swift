import Sluice
package import SluiceCore
import SluicePostgres

/// What standard error says of an import that did not complete.
package struct FailureText: Sendable {
    package var headline: String
    package var record: String?
    package var detail: String?
    package var hint: String?
    package var committed: CommittedSummary
    package var advice: String?

    package init(headline: String, committed: CommittedSummary) {
        self.headline = headline
        self.committed = committed
    }

    /// `orders.csv:1204: column "amount": invalid input syntax … (22P02)`
    package static func headline(
        at location: SourceLocation?, _ message: String, sqlState: String?
    ) -> String {
        var parts = [location?.place ?? "pgsluice"]
        if let column = location?.column { parts.append("column \"\(column)\"") }
        parts.append(message)
        return parts.joined(separator: ": ") + (sqlState.map { " (\($0))" } ?? "")
    }
}

extension FailureText {
    /// In the order that scripts and people know, a line each.
    package var lines: [String] {
        var lines = [headline]
        if let record { lines.append(record) }
        if let detail { lines.append("DETAIL: \(detail)") }
        if let hint { lines.append("HINT: \(hint)") }
        lines.append("committed: \(committed.text)")
        if let advice { lines.append("next: \(advice)") }
        return lines.map(printable)
    }

    /// The same as one object, for `--log-format json`.
    package var json: String {
        JSON.object([
            ("type", .string("log")), ("level", .string("error")), ("message", .string(headline)),
            ("record", JSON(record)), ("detail", JSON(detail)), ("hint", JSON(hint)),
            ("committed", .string(committed.text)), ("next", JSON(advice)),
        ]).text
    }
}

extension FailureText {
    init(_ error: ImportError) {
        let report = error.report
        let isCancelled = error.code == .cancelled
        self.init(
            headline: isCancelled
                ? error.message
                : Self.headline(
                    at: error.location, error.oneLine, sqlState: error.server?.sqlState.code),
            committed: CommittedSummary(report))
        record = isCancelled ? nil : error.record
        detail = error.server?.detail
        hint = error.server?.hint
        advice = error.advice == hint ? nil : error.advice
    }
}

extension ImportError {
    /// libpq breaks its own messages into lines; in the server's a line break may be data.
    fileprivate var oneLine: String {
        guard server == nil else { return message }
        return message.split { $0.isNewline || $0 == "\t" }.joined(separator: " ")
    }
}

extension CommittedSummary {
    init(_ report: ImportReport) {
        self.init(
            rows: report.counts.rowsLoaded,
            ranges: report.committed.map {
                // A range without a line would be a mistake, not a reason to die while telling.
                Range(file: $0.file, lines: $0.firstLine...max($0.firstLine, $0.lastLine))
            },
            namesFiles: report.files.count > 1)
    }
}

extension SourceLocation {
    fileprivate var place: String {
        line.map { "\(file):\($0)" } ?? file
    }
}
