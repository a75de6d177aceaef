/// What becomes of one field of each record.
public struct FieldEncoding: Hashable, Sendable {
    /// The field has no column: it is left out.
    public var isDropped: Bool
    /// As COPY's FORCE_NULL: a quoted field that reads as the NULL text is NULL too.
    public var forcesNull: Bool
    /// As COPY's FORCE_NOT_NULL: an unquoted NULL text is that text.
    public var forcesNotNull: Bool
    /// The column takes no NULL: the binary encoder is not sure of a record that has it there.
    public var refusesNull: Bool

    public init(
        isDropped: Bool = false, forcesNull: Bool = false, forcesNotNull: Bool = false,
        refusesNull: Bool = false
    ) {
        self.isDropped = isDropped
        self.forcesNull = forcesNull
        self.forcesNotNull = forcesNotNull
        self.refusesNull = refusesNull
    }
}

/// How the records of a file are to be read: one encoding per field.
public struct RecordLayout: Hashable, Sendable {
    public var dialect: Dialect
    public var fields: [FieldEncoding]

    public init(dialect: Dialect, fields: [FieldEncoding]) {
        self.dialect = dialect
        self.fields = fields
    }

    public var width: Int { fields.count }
}
