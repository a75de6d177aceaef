import SluiceCore
import SluicePostgres

extension Failure {
    /// What the server refused, and which record of the batch it was, as far as it says so.
    init(_ error: PostgresError, in batch: Batch) {
        self.init(error)
        order = batch.order
        location = SourceLocation(file: batch.plan.name)
        switch error {
        case .server(let diagnostics):
            locate(diagnostics, in: batch)
        case .commitUncertain:
            message = "uncertain: the COMMIT of \(batch.lines) was not answered"
            advice = "look in the table whether these lines are there before you load them again"
        default:
            break
        }
    }

    private mutating func locate(_ diagnostics: ServerDiagnostics, in batch: Batch) {
        // What is not about data happens at a record, and is not its fault.
        guard diagnostics.isAboutData(in: batch.plan) else { return }
        blameData()
        guard
            let hint = CopyContext(
                diagnostics, relation: batch.plan.relation, columns: batch.plan.columns),
            batch.records.indices.contains(hint.line - 1)
        else {
            message += " (somewhere in \(batch.lines))"
            return
        }
        location = batch.location(ofRecord: hint.line - 1)
        location?.column = diagnostics.columnName ?? hint.column
        record = batch.excerpt(ofRecord: hint.line - 1)
        order?.byte = location?.byteOffset ?? batch.range.lowerBound
    }
}

extension Batch {
    fileprivate var lines: String { "lines \(firstLine)-\(lastLine)" }
}

extension ServerDiagnostics {
    /// Whether a record has caused it. Where the statement may have, too, the server must have been
    /// reading a value.
    func isAboutData(in plan: FilePlan) -> Bool {
        if sqlState.isAboutData { return true }
        return sqlState.mayBeAboutValue
            && CopyContext(self, relation: plan.relation, columns: plan.columns)?.column != nil
    }
}

/// What the CONTEXT of an error says of the place in a COPY. A hint: it is translated, and for
/// some errors it is wrong.
struct CopyContext {
    /// Of the COPY, from 1: the record's place in its batch.
    let line: Int
    let column: String?

    /// Reads `COPY t, line 3, column c: "x"` by the places of its parts, in any language.
    ///
    /// - Parameter relation: the table's name, without schema and quotes.
    init?(_ diagnostics: ServerDiagnostics, relation: String, columns: [String]) {
        // The tuple named is the last one buffered, not the one refused.
        let isMisleading = diagnostics.sqlState.code == "54000"
        let start = "COPY \(relation), "
        let context = "\n" + (diagnostics.context ?? "")
        guard !isMisleading, let found = context.range(ofFirst: "\n" + start) else { return nil }
        let behind = context[found.upperBound...].drop { !$0.isASCIIDigit && $0 != "\n" }
        guard let line = Int(behind.prefix { $0.isASCIIDigit }) else { return nil }
        self.line = line
        let rest = behind.drop { $0.isASCIIDigit }
        column = columns.first { Self.names($0, rest) }
    }

    /// `, column NAME: …` or, with null input, `, column NAME: null input`.
    ///
    /// Without a comma it is a record that follows, whatever its words are.
    private static func names(_ column: String, _ rest: Substring) -> Bool {
        guard rest.first == "," else { return false }
        let words = rest.dropFirst(2).drop { $0 != " " }.dropFirst()
        // In French a blank stands before the colon.
        return words.hasPrefix("\(column):") || words.hasPrefix("\(column) :")
            || words.hasPrefix("\(column)\u{A0}:")
            // So it is in binary, which has no text to show.
            || words.prefix { $0 != "\n" } == column
    }
}

extension String {
    fileprivate func range(ofFirst wanted: String) -> Range<Index>? {
        indices.first { self[$0...].hasPrefix(wanted) }
            .map { $0..<index($0, offsetBy: wanted.count) }
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
