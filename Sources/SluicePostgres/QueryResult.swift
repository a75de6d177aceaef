/// What one statement answered.
package struct QueryResult: Hashable, Sendable {
    package var columns: [String] = []
    /// Values in text form, `nil` for NULL.
    package var rows: [[String?]] = []
    /// `SELECT 1`, `COMMIT` …; empty for an empty statement.
    package var commandTag = ""
    /// Rows affected or, for SELECT, answered; `nil` where the statement has no such number.
    package var affectedRows: Int?

    /// The value of the named column, which must exist, in the row, counted from 0.
    package subscript(row row: Int, column column: String) -> String? {
        guard let index = columns.firstIndex(of: column) else {
            preconditionFailure("the result has no column \(column)")
        }
        return rows[row][index]
    }
}
