/// The flags that say how a CSV file is read.
///
/// `escape` equal to `quote` means that there is no other escape than a doubled quote.
package struct OracleDialect: Sendable, Hashable {
    package enum Quoting: String, Sendable, CaseIterable {
        case standard, lenient, copy, none
    }

    package var delimiter: UInt8
    package var quote: UInt8
    package var escape: UInt8
    package var quoting: Quoting
    package var null: [UInt8]
    package var comment: UInt8?
    package var maxRecordBytes: Int
    package var skipLines: Int
    package var hasHeader: Bool

    package init(
        delimiter: UInt8 = UInt8(ascii: ","),
        quote: UInt8 = UInt8(ascii: "\""),
        escape: UInt8? = nil,
        quoting: Quoting = .standard,
        null: [UInt8] = [],
        comment: UInt8? = nil,
        maxRecordBytes: Int = 16 << 20,
        skipLines: Int = 0,
        hasHeader: Bool = false
    ) {
        precondition(maxRecordBytes > 0 && skipLines >= 0, "a limit of no bytes holds no record")
        self.delimiter = delimiter
        self.quote = quote
        self.escape = escape ?? quote
        self.quoting = quoting
        self.null = null
        self.comment = comment
        self.maxRecordBytes = maxRecordBytes
        self.skipLines = skipLines
        self.hasHeader = hasHeader
    }
}

/// A field as read: quotes and escapes are gone.
package struct OracleField: Sendable, Hashable {
    package var bytes: [UInt8]
    package var isQuoted: Bool

    package init(bytes: [UInt8] = [], isQuoted: Bool = false) {
        self.bytes = bytes
        self.isQuoted = isQuoted
    }

    /// What the column gets, nil for NULL. The two flags are the column's `--force-null` and
    /// `--force-not-null`; a column may have both, as in COPY.
    package func value(
        null: [UInt8], forceNull: Bool = false, forceNotNull: Bool = false
    ) -> [UInt8]? {
        let isNull = bytes == null && (isQuoted ? forceNull : !forceNotNull)
        return isNull ? nil : bytes
    }
}

/// Why a record is malformed. A record with several faults bears the first.
package enum OracleFaultKind: Sendable, Hashable {
    case width(found: Int)
    case textAfterQuote
    /// The input or the limit of bytes ended inside quotes.
    case unclosedQuote
    case loneCarriageReturn
    /// The limit of bytes was met outside quotes.
    case tooLong
}

/// One thing the file says, in source order. Offsets are in bytes from 0, lines from 1.
package enum OracleEntry: Sendable, Hashable {
    /// `end` is behind the content: the line end is not included.
    case record(start: Int, end: Int, line: Int, fields: [OracleField])
    /// `end` is behind the line end of the last line. `faultLine` is the line where the quote
    /// opened, where the lone CR stands, else the first line of the record.
    case reject(
        start: Int, end: Int, line: Int, faultLine: Int, kind: OracleFaultKind, omitted: Bool)
}

/// A malformed header ends the import under every policy.
package struct OracleHeaderFault: Sendable, Hashable {
    package var line: Int
    package var faultLine: Int
    package var kind: OracleFaultKind

    package init(line: Int, faultLine: Int, kind: OracleFaultKind) {
        self.line = line
        self.faultLine = faultLine
        self.kind = kind
    }
}

package struct OracleResult: Sendable, Hashable {
    /// The names, unescaped; nil if the dialect or the input has no header, or a malformed one.
    package var header: [[UInt8]]?
    /// If set, there are no entries.
    package var headerFault: OracleHeaderFault?
    package var entries: [OracleEntry] = []
    package var linesPassed = 0
    package var recovered = 0

    package init() {}
}

/// Reads a whole input as CSV.md says, with `--on-error reject`.
///
/// A second implementation, written to be compared with the production scanner: it follows the
/// text of CSV.md step by step and holds everything in memory. The width of the records is given;
/// the header is not compared with it.
package func readOracle(
    _ input: [UInt8], dialect: OracleDialect, width: Int
) -> OracleResult {
    precondition(width > 0, "a record has at least one field")
    var oracle = Oracle(input, dialect: dialect, width: width)
    return oracle.read()
}
