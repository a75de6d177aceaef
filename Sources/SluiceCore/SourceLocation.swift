/// A place in the input, as far as it is known.
public struct SourceLocation: Hashable, Sendable {
    /// The path as given, or `stdin`.
    public var file: String
    /// Physical line, counted from 1; the header is a line.
    public var line: Int?
    /// Record, counted from 1; the header is none.
    public var record: Int?
    /// Byte of the (decompressed) source, counted from 0; a BOM counts.
    public var byteOffset: Int?
    /// Name of the table's column.
    public var column: String?

    public init(
        file: String, line: Int? = nil, record: Int? = nil, byteOffset: Int? = nil,
        column: String? = nil
    ) {
        self.file = file
        self.line = line
        self.record = record
        self.byteOffset = byteOffset
        self.column = column
    }
}
