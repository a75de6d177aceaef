import SluiceCore
import SluicePostgres

/// Values of columns that the ledger's schema keeps from being NULL.
extension QueryResult {
    func text(_ column: String, row: Int = 0) -> String {
        guard let text = self[row: row, column: column] else {
            preconditionFailure("\(column) is NULL")
        }
        return text
    }

    func number(_ column: String, row: Int = 0) -> Int {
        guard let number = Int(text(column, row: row)) else {
            preconditionFailure("\(column) is no number")
        }
        return number
    }

    func digest(_ column: String, row: Int) -> Digest128 {
        guard let digest = Digest128(hex: text(column, row: row)) else {
            preconditionFailure("\(column) is no digest")
        }
        return digest
    }
}
