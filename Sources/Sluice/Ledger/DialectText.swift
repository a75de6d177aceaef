import SluiceCodec
import SluiceCore

/// All options that change how records are read and mapped, in the one text that the ledger keeps.
///
/// How long a record may be is not among them: an import that one was too long for goes on with
/// more room.
///
/// A line for each, always all of them and in this order: its name, a blank, and its value as JSON.
/// Equal texts mean equal readings of the same bytes; only options that say the same in another way
/// (a set in another order) do not make another text.
enum DialectText {
    static func of(_ csv: CSVOptions, _ columns: ColumnOptions) -> String {
        (dialect(csv) + mapping(csv, columns)).map { "\($0) \($1.text)" }.joined(separator: "\n")
    }

    private static func dialect(_ csv: CSVOptions) -> [(String, JSON)] {
        let dialect = csv.dialect
        let hasQuotes = dialect.quoting != .none
        return [
            ("delimiter", .string(byte(dialect.delimiter))),
            ("quoting", .string(dialect.quoting.rawValue)),
            ("quote", hasQuotes ? .string(byte(dialect.quote)) : .null),
            ("escape", hasQuotes ? .string(byte(dialect.escape)) : .null),
            ("null", .string(dialect.null.map(byte).joined())),
            ("comment", JSON(dialect.comment.map(byte))),
            ("header", .bool(csv.hasHeader)),
            ("skip_lines", .integer(csv.skipLines)),
        ]
    }

    private static func mapping(
        _ csv: CSVOptions, _ columns: ColumnOptions
    ) -> [(String, JSON)] {
        let map = columns.map.sorted { ($0.header, $0.column) < ($1.header, $1.column) }
        return [
            ("force_null", json(csv.forceNull)),
            ("force_not_null", json(csv.forceNotNull)),
            ("columns", columns.columns.map { .array($0.map { JSON($0) }) } ?? .null),
            ("map", .array(map.map { .array([.string($0.header), .string($0.column)]) })),
            ("ignored", .array(columns.ignored.sorted().map { .string($0) })),
            ("ignores_unknown", .bool(columns.ignoresUnknown)),
        ]
    }

    /// Printable ASCII as itself, all else as `\xHH`.
    private static func byte(_ byte: UInt8) -> String {
        let isPlain = (0x21..<0x7F).contains(byte) && byte != UInt8(ascii: "\\")
        if isPlain { return String(UnicodeScalar(byte)) }
        return "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }

    private static func json(_ selection: ColumnSelection) -> JSON {
        switch selection {
        case .none: .array([])
        case .all: .string("*")
        case .named(let names): .array(Set(names).sorted().map { .string($0) })
        }
    }
}
