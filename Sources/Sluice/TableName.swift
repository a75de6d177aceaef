package import SluicePostgres

/// The name of the table to load, as PostgreSQL reads identifiers.
public struct TableName: Sendable, CustomStringConvertible {
    package let qualified: QualifiedName

    /// - Parameter text: `[schema.]name`; what is not in double quotes is folded to lower case.
    /// - Throws: an error that describes itself, for a text that is no name.
    public init(_ text: String) throws {
        qualified = try QualifiedName(parsing: text)
    }

    public var description: String { qualified.sql }
}

/// Reads a comma-separated list of column names as PostgreSQL reads identifiers.
///
/// - Returns: nil for each empty item.
/// - Throws: an error that describes itself, for an item that is no name.
public func parseIdentifierList(_ text: String) throws -> [String?] {
    try IdentifierList(parsing: text).names
}
