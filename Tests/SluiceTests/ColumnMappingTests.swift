import SluiceTestSupport
import Testing

@testable import Sluice

/// How one header, or none, finds its columns.
struct MappingCase: Sendable, CustomTestStringConvertible {
    let name: String
    let columns: [String]
    var header: [String]?
    var quoted: Set<Int> = []
    var options = ColumnOptions()
    var hasHeader = true
    let expected: Expected

    enum Expected: Sendable {
        case fields([Int?])
        /// All of these are in the message or the advice.
        case failure(ImportError.Code, [String])
    }

    var testDescription: String { name }

    init(
        _ name: String, _ columns: String, header: [String]?, quoted: Set<Int> = [],
        options: (inout ColumnOptions) -> Void = { _ in }, _ expected: Expected
    ) {
        self.name = name
        self.columns = columns.split(separator: " ").map(String.init)
        self.header = header
        self.quoted = quoted
        self.expected = expected
        options(&self.options)
    }
}

private func map(_ pairs: (String, String)...) -> (inout ColumnOptions) -> Void {
    { $0.map = pairs.map { .init(header: $0, column: $1) } }
}

private func ignore(_ names: String...) -> (inout ColumnOptions) -> Void {
    { $0.ignored = Set(names) }
}

private func columns(_ names: String?...) -> (inout ColumnOptions) -> Void {
    { $0.columns = names }
}

@Suite struct ColumnMappingTests {
    @Test(arguments: [
        MappingCase(
            "by name, in the file's order", "id name amount", header: ["amount", "id"],
            .fields([2, 0])),
        MappingCase("case aside", "id name", header: ["NAME", "Id"], .fields([1, 0])),
        MappingCase(
            "exact before case aside", "ID id", header: ["id", "ID"], .fields([1, 0])),
        MappingCase(
            "the exact one is taken, so the other is free for the rest", "ID id",
            header: ["id", "Id"], .fields([1, 0])),
        MappingCase(
            "two candidates are ambiguous", "ID id", header: ["Id"],
            .failure(.data, ["\"Id\"", "\"ID\"", "\"id\"", "--map 'Id=COLUMN'"])),
        MappingCase(
            "letters beyond ASCII keep their case", "größe", header: ["GRÖßE"],
            .failure(.data, ["\"GRÖßE\""])),
        MappingCase(
            "names that only look the same differ", "e\u{301}", header: ["\u{E9}"],
            .failure(.data, ["--map"])),
        MappingCase(
            "a name twice", "id name", header: ["id", "name", "id"],
            .failure(.data, ["\"id\"", "more than once"])),
        MappingCase(
            "a name twice, case aside", "id name", header: ["id", "ID"],
            .failure(.data, ["\"ID\"", "columns left over: \"name\""])),
        MappingCase(
            "blanks count", "id name", header: ["id", " name"], .failure(.data, ["\" name\""])),
        MappingCase(
            "blanks inside quotes do not, at the end", "id name", header: ["id", " name "],
            quoted: [1], .fields([0, 1])),
        MappingCase(
            "an exact name with blanks comes before", "a\u{A0} a", header: ["a\u{A0}", "a"],
            .fields([0, 1])),
        MappingCase(
            "the nearest is shown", "customer amount", header: ["custmer", "amount"],
            .failure(.data, ["\"custmer\" (nearest: \"customer\")"])),
        MappingCase(
            "what is far off is not near", "customer amount", header: ["zip", "amount"],
            .failure(.data, ["\"zip\"; columns left over: \"customer\""])),
        MappingCase(
            "none fits", "id name", header: ["1", "Smith"], .failure(.data, ["--no-header"])),
        MappingCase(
            "one fits: it is a header", "id name", header: ["id", "Smith"],
            .failure(.data, ["--map 'HEADER=COLUMN' or --ignore-column NAME"])),
        MappingCase(
            "an unnamed field", "id", header: ["id", ""], .failure(.data, ["\"\""])),
        MappingCase(
            "an unnamed field is ignored", "id", header: ["", "id"], options: ignore("''"),
            .fields([nil, 0])),
        MappingCase(
            "an unnamed field is mapped", "id", header: [""], options: map(("''", "id")),
            .fields([0])),
        MappingCase(
            "all unnamed fields are ignored", "id", header: ["", "id", ""],
            options: ignore("''"), .fields([nil, 0, nil])),
        MappingCase(
            "doubled names can't be mapped", "id", header: ["x", "x"], options: map(("x", "id")),
            .failure(.data, ["\"x\"", "--columns"])),
        MappingCase(
            "mapped", "id name", header: ["Kunde", "id"], options: map(("Kunde", "name")),
            .fields([1, 0])),
        MappingCase(
            "what is mapped away is free", "id name", header: ["id", "name"],
            options: map(("id", "name"), ("name", "id")), .fields([1, 0])),
        MappingCase(
            "two onto one column", "id name", header: ["a", "name"],
            options: map(("a", "name")), .failure(.data, ["more than once"])),
        MappingCase(
            "map names no header", "id", header: ["id"], options: map(("x", "id")),
            .failure(.data, ["--map names \"x\"", "\"id\""])),
        MappingCase(
            "map is exact about the header", "id", header: ["ID"], options: map(("id", "id")),
            .failure(.data, ["--map names \"id\""])),
        MappingCase(
            "map names no column", "id", header: ["a"], options: map(("a", "x")),
            .failure(.data, ["column \"x\" of relation \"t\" does not exist"])),
        MappingCase(
            "map folds the column as SQL does", "id name", header: ["a"],
            options: map(("a", "NAME")), .fields([1])),
        MappingCase(
            "map takes a quoted column", "id ID", header: ["a"], options: map(("a", "\"ID\"")),
            .fields([1])),
        MappingCase(
            "ignored", "id name", header: ["x", "name"], options: ignore("x"),
            .fields([nil, 1])),
        MappingCase(
            "a name that fits is ignored, too", "id name", header: ["id", "name"],
            options: ignore("id"), .fields([nil, 1])),
        MappingCase(
            "ignore names no header", "id", header: ["id"], options: ignore("x"),
            .failure(.data, ["--ignore-column names \"x\""])),
        MappingCase(
            "all unknown ones are ignored", "id name", header: ["x", "name", "y"],
            options: { $0.ignoresUnknown = true }, .fields([nil, 1, nil])),
        MappingCase(
            "but nothing to load is an error", "id", header: ["x"],
            options: { $0.ignoresUnknown = true }, .failure(.data, ["no field of the file"])),
        MappingCase(
            "a generated column", "id sum*", header: ["id", "sum"],
            .failure(.data, ["column \"sum\" is a generated column", "--ignore-column 'sum'"])),
        MappingCase(
            "a generated column that is ignored", "id sum*", header: ["id", "sum"],
            options: ignore("sum"), .fields([0, nil])),
        MappingCase(
            "a column without privilege", "id secret!", header: ["id", "secret"],
            .failure(.permission, ["permission denied for table t", "\"secret\""])),
        MappingCase(
            "a column without privilege, not written", "id secret!", header: ["id"],
            .fields([0])),
        MappingCase(
            "by position, with a header", "id name", header: ["x", "y", "z"],
            options: columns("name", nil, "id"), .fields([1, nil, 0])),
        MappingCase(
            "by position, of another width", "id name", header: ["x"],
            options: columns("name", nil), .failure(.data, ["1 fields", "names 2"])),
        MappingCase("by the table", "id name", header: nil, .fields([0, 1])),
        MappingCase(
            "by the table, without generated ones", "id x* name", header: nil, .fields([0, 2])),
        MappingCase(
            "by position", "id name", header: nil, options: columns("name", nil, "id"),
            .fields([1, nil, 0])),
        MappingCase(
            "by position, a column twice", "id name", header: nil, options: columns("id", "id"),
            .failure(.data, ["\"id\" specified more than once"])),
        MappingCase(
            "by position, no column", "id name", header: nil, options: columns("id", "x"),
            .failure(.data, ["column \"x\"", "the columns are \"id\", \"name\""])),
        MappingCase(
            "by position, all dropped", "id name", header: nil, options: columns(nil, nil),
            .failure(.data, ["no field of the file"])),
        MappingCase(
            "by position, generated", "id x*", header: nil, options: columns("id", "x"),
            .failure(.data, ["generated"])),
        MappingCase("a table without columns", "", header: nil, .failure(.data, ["no field"])),
    ])
    func `fields find their columns`(_ row: MappingCase) throws {
        let mapping = ColumnMapping(
            target: .of(row.columns), options: row.options, csv: CSVOptions())
        let header = row.header?.enumerated().map { index, name in
            HeaderName(name, isQuoted: row.quoted.contains(index))
        }
        do {
            let fields =
                try header.map { try mapping.fields(header: $0) } ?? mapping.fieldsByPosition()
            guard case .fields(let expected) = row.expected else {
                Issue.record("fields \(fields)")
                return
            }
            #expect(fields == expected)
        } catch let failure as Failure {
            guard case .failure(let code, let parts) = row.expected else {
                Issue.record("\(failure.message); \(failure.advice ?? "")")
                return
            }
            #expect(failure.code == code)
            let text = failure.message + "\n" + (failure.advice ?? "")
            for part in parts { #expect(text.contains(part)) }
        }
    }

    @Test(arguments: [
        ("a", "a"), (" a ", "a"), ("\ta b \t", "a b"), ("  ", ""), ("", ""),
        ("\u{A0}a", "\u{A0}a"), (" ä", "ä"), (" e\u{301} ", "e\u{301}"),
    ])
    func `names are trimmed of blanks and tabs`(text: String, trimmed: String) {
        #expect(HeaderName(text, isQuoted: true).trimmed == trimmed)
    }
}
