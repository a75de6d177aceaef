import ArgumentParser
import Sluice

struct TargetFlags: ParsableArguments {
    static let valueFlags: [ValueFlag] = [
        .once("--table", short: "t"), .once("--columns"), .repeated("--map"),
        .repeated("--ignore-column"),
    ]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The table, as PostgreSQL reads names; needed.", valueName: "[schema.]name"))
    var table: String?

    @Option(
        help: ArgumentHelp(
            """
            The column of each field, by position; an empty item drops its field. Needs --header \
            or --no-header.
            """, valueName: "a,b,,d"))
    var columns: String?

    @Option(
        help: ArgumentHelp(
            "The column for a header field of another name; ''=column for one without a name.",
            valueName: "header=column"))
    var map: [String] = []

    @Option(
        help: ArgumentHelp(
            "A header field that has no column; '*': all that name none.", valueName: "name"))
    var ignoreColumn: [String] = []
}

extension TargetFlags {
    func tableName() throws(UsageError) -> TableName {
        guard let table else { throw UsageError("--table is missing") }
        do {
            return try TableName(table)
        } catch {
            throw UsageError("--table: \(error)")
        }
    }

    /// - Parameter header: nil if neither `--header` nor `--no-header` was given.
    func options(header: Bool?) throws(UsageError) -> ColumnOptions {
        try refuseContradictions(header: header)
        var options = ColumnOptions()
        if let columns { options.columns = try identifiers(in: columns, of: "--columns") }
        for text in map { options.map.append(try Self.mapping(text)) }
        options.ignored = Set(ignoreColumn.filter { $0 != "*" }.map(Self.headerName))
        options.ignoresUnknown = ignoreColumn.contains("*")
        return options
    }

    private func refuseContradictions(header: Bool?) throws(UsageError) {
        let byName = [("--map", !map.isEmpty), ("--ignore-column", !ignoreColumn.isEmpty)]
        for (flag, isGiven) in byName where isGiven {
            try exclude(flag, "--columns", when: columns != nil)
            try exclude(flag, "--no-header", when: header == false)
        }
        if columns != nil, header == nil {
            throw UsageError("--columns needs --header or --no-header")
        }
    }

    private static func mapping(
        _ text: String
    ) throws(UsageError) -> ColumnOptions.HeaderMapping {
        guard let split = text.lastIndex(of: "="), text.index(after: split) < text.endIndex else {
            throw UsageError("--map: '\(text)' is not header=column")
        }
        return ColumnOptions.HeaderMapping(
            header: headerName(String(text[..<split])),
            column: String(text[text.index(after: split)...]))
    }

    /// `''` stands for a field that the header gives no name.
    private static func headerName(_ text: String) -> String { text == "''" ? "" : text }
}

/// Names of columns, nil for each empty item.
func identifiers(in text: String, of flag: String) throws(UsageError) -> [String?] {
    do {
        return try parseIdentifierList(text)
    } catch {
        throw UsageError("\(flag): \(error)")
    }
}
