import SluiceCodec
public import SluiceCore
import SluicePostgres

/// A record that was left out, and why.
public struct Reject: Hashable, Sendable {
    /// What is wrong with it: open to growth.
    public struct Kind: Hashable, Sendable {
        /// As the log has it.
        public let name: String

        /// It is malformed CSV, or has another number of fields.
        public static let shape = Kind(name: "shape")
        /// It has bytes that are no UTF-8, or a NUL.
        public static let encoding = Kind(name: "encoding")
        /// A column's type does not take a value.
        public static let value = Kind(name: "value")
        /// A constraint of the table is not met.
        public static let constraint = Kind(name: "constraint")
        /// A trigger raised an exception.
        public static let trigger = Kind(name: "trigger")
    }

    /// Of its first byte; the column, where one is to blame.
    public var location: SourceLocation
    /// The physical line on which its last byte stands.
    public var endLine: Int
    /// In the source, its line end included.
    public var byteCount: Int
    /// The record as it came, its line end included; nil where it was too long to be held.
    public var bytes: [UInt8]?
    public var kind: Kind
    public var sqlState: String
    /// The server's, for all but `shape`.
    public var message: String
    public var detail: String?
    public var constraint: String?
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
                ("column", JSON(location.column)), ("kind", .string(kind.name)),
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
