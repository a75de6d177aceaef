/// A CSV that PostgreSQL's COPY (FORMAT csv) takes whole into text columns, with the options for
/// COPY and for pgsluice, and the rows that both must leave.
package struct CopyableCSV: Sendable {
    package enum LineEnd: String, Sendable, CaseIterable {
        case lineFeed = "\n"
        case carriageReturnLineFeed = "\r\n"
        case carriageReturn = "\r"
    }

    package var bytes: [UInt8]
    /// `quoting` is `.copy` if quotes stand inside fields, else `.standard`.
    package var dialect: OracleDialect
    package var lineEnd: LineEnd
    /// Names as they read without quotes; unique, not all of them plain identifiers.
    package var columns: [String]
    /// Numbers of columns, from 0. A column may stand in both.
    package var forceNull: [Int]
    package var forceNotNull: [Int]
    /// What the columns get, nil for NULL.
    package var rows: [[[UInt8]?]]

    /// The options of `COPY … WITH (…)`, in full, without the parentheses.
    package var copyOptions: String {
        var options = [
            "FORMAT csv", "HEADER \(dialect.hasHeader)",
            "DELIMITER \(Self.literal([dialect.delimiter]))",
            "QUOTE \(Self.literal([dialect.quote]))", "ESCAPE \(Self.literal([dialect.escape]))",
            "NULL \(Self.literal(dialect.null))", "ENCODING 'UTF8'",
        ]
        if !forceNull.isEmpty { options.append("FORCE_NULL (\(identifiers(forceNull)))") }
        if !forceNotNull.isEmpty { options.append("FORCE_NOT_NULL (\(identifiers(forceNotNull)))") }
        return options.joined(separator: ", ")
    }

    /// pgsluice's flags for the same reading. The columns of `--force-null` and
    /// `--force-not-null` are plain identifiers.
    package var flags: [String] {
        var flags = [dialect.hasHeader ? "--header" : "--no-header"]
        flags += ["--delimiter", Self.flagByte(dialect.delimiter)]
        flags += ["--quote", Self.flagByte(dialect.quote)]
        if dialect.escape != dialect.quote { flags += ["--escape", Self.flagByte(dialect.escape)] }
        if dialect.quoting != .standard { flags += ["--quoting", dialect.quoting.rawValue] }
        if !dialect.null.isEmpty {
            flags += ["--null", String(decoding: dialect.null, as: UTF8.self)]
        }
        for column in forceNull { flags += ["--force-null", columns[column]] }
        for column in forceNotNull { flags += ["--force-not-null", columns[column]] }
        return flags
    }

    /// `CREATE TABLE name (…)` with a text column for each field.
    package func createTable(named name: String) -> String {
        let list = columns.map { "\(Self.identifier($0)) text" }.joined(separator: ", ")
        return "CREATE TABLE \(name) (\(list))"
    }

    private func identifiers(_ numbers: [Int]) -> String {
        numbers.map { Self.identifier(columns[$0]) }.joined(separator: ", ")
    }

    package static func identifier(_ name: String) -> String {
        "\"" + name.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
    }

    /// An escape string literal of ASCII bytes: `E'\x2c'`.
    private static func literal(_ bytes: [UInt8]) -> String {
        "E'" + bytes.map { "\\x" + hex($0) }.joined() + "'"
    }

    private static func flagByte(_ byte: UInt8) -> String {
        byte < 0x20 ? "\\x" + hex(byte) : String(decoding: [byte], as: UTF8.self)
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
    }
}
