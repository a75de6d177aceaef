import Sluice
import SluiceCodec
import SluiceCore

extension CSVFlags {
    /// Nil if neither flag was given.
    var headerSaidAloud: Bool? { header || noHeader ? header : nil }

    func options() throws(UsageError) -> CSVOptions {
        try exclude("--header", "--no-header", when: header && noHeader)
        try refuseQuotesWithoutQuoting()
        var options = CSVOptions()
        options.dialect = try dialect()
        options.hasHeader = !noHeader
        if let skipLines {
            options.skipLines = try FlagValue.number(
                skipLines, of: "--skip-lines", in: 0...Int.max)
        }
        options.forceNull = try Self.selection(forceNull, of: "--force-null")
        options.forceNotNull = try Self.selection(forceNotNull, of: "--force-not-null")
        return options
    }

    private func refuseQuotesWithoutQuoting() throws(UsageError) {
        let flags = [
            ("--quote", quote != nil), ("--escape", escape != nil),
            ("--force-null", !forceNull.isEmpty), ("--force-not-null", !forceNotNull.isEmpty),
        ]
        for (flag, isGiven) in flags {
            try exclude("--quoting none", flag, when: quoting.value == .none && isGiven)
        }
    }

    private func dialect() throws(UsageError) -> Dialect {
        var dialect = Dialect(quoting: quoting.value)
        if let delimiter { dialect.delimiter = try FlagValue.byte(delimiter, of: "--delimiter") }
        if let quote { dialect.quote = try FlagValue.byte(quote, of: "--quote") }
        dialect.escape = dialect.quote
        if let escape { dialect.escape = try FlagValue.byte(escape, of: "--escape") }
        if let null { dialect.null = Array(null.utf8) }
        if let comment { dialect.comment = try FlagValue.byte(comment, of: "--comment") }
        if let maxRecordBytes {
            dialect.maxRecordBytes = try FlagValue.size(
                maxRecordBytes, of: "--max-record-bytes", in: ByteCount(1)...ByteCount(1 << 30 - 1))
        }
        try Self.refuseEqualBytes(dialect)
        try Self.refuseUnfindableNull(dialect)
        return dialect
    }

    /// Without quoting, the quote is a byte like any other.
    private static func refuseEqualBytes(_ dialect: Dialect) throws(UsageError) {
        let quote = dialect.quoting == .none ? nil : dialect.quote
        let pairs = [
            ("--delimiter", dialect.delimiter, "--quote", quote),
            ("--delimiter", dialect.delimiter, "--comment", dialect.comment),
        ]
        for (first, byte, second, other) in pairs where byte == other {
            throw UsageError("\(first) and \(second) must differ")
        }
        if let quote, quote == dialect.comment {
            throw UsageError("--quote and --comment must differ")
        }
    }

    /// COPY's rules for its NULL.
    private static func refuseUnfindableNull(_ dialect: Dialect) throws(UsageError) {
        let null = dialect.null
        if null.contains(dialect.delimiter) {
            throw UsageError("--null must not contain the --delimiter")
        }
        if dialect.quoting != .none, null.contains(dialect.quote) {
            throw UsageError("--null must not contain the --quote")
        }
        if null.contains(UInt8(ascii: "\n")) || null.contains(UInt8(ascii: "\r")) {
            throw UsageError("--null must not contain a line end")
        }
    }

    private static func selection(
        _ lists: [String], of flag: String
    ) throws(UsageError) -> ColumnSelection {
        if lists.isEmpty { return .none }
        if lists.contains("*") { return .all }
        var names: [String] = []
        for list in lists {
            for name in try identifiers(in: list, of: flag) {
                guard let name else { throw UsageError("\(flag): '\(list)' has an empty item") }
                names.append(name)
            }
        }
        return .named(names)
    }
}
