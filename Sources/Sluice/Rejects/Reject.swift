import SluiceCodec
import SluiceCore
import SluicePostgres

/// A record that was left out, and why.
struct Reject: Hashable, Sendable {
    enum Kind: String, Sendable { case shape, encoding, value, constraint, trigger }

    /// Of its first byte; the column, where one is to blame.
    var location: SourceLocation
    var endLine: Int
    /// In the source, its line end included.
    var byteCount: Int
    var kind: Kind
    var sqlState: String
    var message: String
    var detail: String?
    var constraint: String?
    /// It was too long to be held: its bytes are gone.
    var isOmitted = false
}

extension Reject {
    /// As a line of the log.
    var json: String {
        JSON.object(
            [
                ("file", .string(location.file)), ("line", JSON(location.line)),
                ("end_line", .integer(endLine)), ("record", JSON(location.record)),
                ("byte_offset", JSON(location.byteOffset)), ("bytes", .integer(byteCount)),
                ("column", JSON(location.column)), ("kind", .string(kind.rawValue)),
                ("sqlstate", .string(sqlState)), ("message", .string(message)),
                ("detail", JSON(detail)), ("constraint", JSON(constraint)),
            ] + (isOmitted ? [("omitted", .bool(true))] : [])
        ).text
    }
}

/// A record of a batch that the server refused, alone, after those before it.
struct RefusedRecord: Hashable, Sendable {
    /// In the batch's records.
    var index: Int
    var sqlState: SQLState
    var message: String
    var detail: String?
    var column: String?
    var constraint: String?

    var kind: Reject.Kind {
        switch sqlState.classCode {
        case "23", "44": .constraint
        case "P0": .trigger
        default: sqlState.code == "22021" ? .encoding : .value
        }
    }
}
