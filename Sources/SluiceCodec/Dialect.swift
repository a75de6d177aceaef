public import SluiceCore

/// How a file is written: which bytes part fields and which protect them.
public struct Dialect: Hashable, Sendable {
    /// Where quotes mean something.
    public enum Quoting: String, CaseIterable, Sendable {
        /// A quote opens a field only at the field's start; nothing may follow the closing one.
        case standard
        /// A quote closes a field only before a delimiter or a line end; any other is text.
        case lenient
        /// As PostgreSQL's COPY reads: quotes toggle anywhere and are removed.
        case copy
        /// Quotes are text.
        case none
    }

    public var delimiter: UInt8
    public var quote: UInt8
    /// Takes the next quote or escape literally, inside quotes. Usually the quote itself.
    public var escape: UInt8
    public var quoting: Quoting
    /// An unquoted field of these bytes is NULL.
    public var null: [UInt8]
    /// A line that begins with this byte is passed over.
    public var comment: UInt8?
    /// A record longer than this, its line end not counted, is malformed.
    public var maxRecordBytes: ByteCount

    public init(
        delimiter: UInt8 = UInt8(ascii: ","), quote: UInt8 = UInt8(ascii: "\""),
        escape: UInt8? = nil, quoting: Quoting = .standard, null: [UInt8] = [],
        comment: UInt8? = nil, maxRecordBytes: ByteCount = .mebibytes(16)
    ) {
        self.delimiter = delimiter
        self.quote = quote
        self.escape = escape ?? quote
        self.quoting = quoting
        self.null = null
        self.comment = comment
        self.maxRecordBytes = maxRecordBytes
    }
}

extension UInt8 {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let backslash = UInt8(ascii: "\\")
    /// What DOS editors leave as the last byte of a file (Control-Z).
    static let substitute: UInt8 = 0x1A
}
