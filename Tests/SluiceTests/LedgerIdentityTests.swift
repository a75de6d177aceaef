import SluiceCodec
import SluiceCore
import SluiceTestSupport
import Testing

@testable import Sluice

/// What an import is known by: its dialect as text, its id, its sources.
@Suite struct LedgerIdentityTests {
    // MARK: The dialect's text

    @Test func `the dialect's text is what ledgers hold`() {
        let text = DialectText.of(CSVOptions(), ColumnOptions())
        #expect(
            text == """
                delimiter ","
                quoting "standard"
                quote "\\""
                escape "\\""
                null ""
                comment null
                header true
                skip_lines 0
                force_null []
                force_not_null []
                columns null
                map []
                ignored []
                ignores_unknown false
                """)
    }

    @Test func `odd values stay in their line`() {
        var csv = CSVOptions()
        csv.dialect = Dialect(delimiter: 9, null: Array("\\N\n".utf8), comment: 0xE9)
        csv.forceNull = .named(["b\n", "a", "a"])
        csv.forceNotNull = .all
        var columns = ColumnOptions()
        columns.columns = ["a", nil, "\"\n"]
        columns.ignored = ["z\u{1}", "y"]
        let lines = DialectText.of(csv, columns).split(separator: "\n")
        #expect(lines.count == 14)
        #expect(lines[0] == #"delimiter "\\x09""#)
        #expect(lines[4] == #"null "\\x5CN\\x0A""#)
        #expect(lines[5] == #"comment "\\xE9""#)
        #expect(
            lines[8...10] == [
                #"force_null ["a","b\n"]"#, #"force_not_null "*""#, #"columns ["a",null,"\"\n"]"#,
            ])
        #expect(lines[12] == #"ignored ["y","z\u0001"]"#)
    }

    typealias Change = @Sendable (inout CSVOptions, inout ColumnOptions) -> Void

    static let changes: [Change] = [
        { csv, _ in csv.dialect.delimiter = 9 }, { csv, _ in csv.dialect.quote = 39 },
        { csv, _ in csv.dialect.escape = 92 }, { csv, _ in csv.dialect.quoting = .lenient },
        { csv, _ in csv.dialect.null = [78] }, { csv, _ in csv.dialect.comment = 35 },
        { csv, _ in csv.hasHeader = false }, { csv, _ in csv.skipLines = 1 },
        { csv, _ in csv.forceNull = .all }, { csv, _ in csv.forceNotNull = .named(["*"]) },
        { _, columns in columns.columns = [] },
        { _, columns in columns.map = [.init(header: "a", column: "b")] },
        { _, columns in columns.ignored = ["a"] },
        { _, columns in columns.ignoresUnknown = true },
    ]

    @Test func `every option that changes how records are read changes one line`() {
        var texts: Set = [DialectText.of(CSVOptions(), ColumnOptions())]
        let plain = DialectText.of(CSVOptions(), ColumnOptions()).split(separator: "\n")
        for change in Self.changes {
            var (csv, columns) = (CSVOptions(), ColumnOptions())
            change(&csv, &columns)
            let text = DialectText.of(csv, columns)
            let changed = zip(plain, text.split(separator: "\n")).count { $0 != $1 }
            #expect(changed == 1, "\(text)")
            texts.insert(text)
        }
        #expect(texts.count == Self.changes.count + 1)
    }

    @Test func `without quoting the quote says nothing`() {
        var (one, other) = (CSVOptions(), CSVOptions())
        one.dialect = Dialect(quote: 39, quoting: .none)
        other.dialect = Dialect(quoting: .none)
        #expect(DialectText.of(one, ColumnOptions()) == DialectText.of(other, ColumnOptions()))
    }

    // MARK: The id

    private func id(
        _ table: String = "public.t", _ sources: [String] = ["/data/a.csv"],
        _ dialect: String = "d"
    ) -> String {
        ImportID.default(table: table, sources: sources, dialect: dialect)
    }

    @Test func `the default id is what ledgers hold`() {
        #expect(id() == "36b2bed22f8264c0")
    }

    @Test func `table, sources, their order and the dialect make the id`() {
        let ids = [
            id(), id("public.u"), id("public.t", ["/data/b.csv"]), id("public.t", []),
            id("public.t", ["/data/a.csv", "/data/b.csv"]),
            id("public.t", ["/data/b.csv", "/data/a.csv"]),
            id("public.t", ["/data/a.csv"], "e"), id("public.t", ["/data/a.csvd"], ""),
        ]
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{16}/) != nil })
    }

    @Test func `a path is the same from wherever it is written`() {
        #expect(id("t", ["/data//./a.csv"]) == id("t", ["/data/a.csv"]))
        #expect(id("t", ["./a.csv"]) == id("t", ["a.csv"]))
        #expect(id("t", ["a.csv"]) != id("t", ["/a.csv"]))
    }

    // MARK: Sources

    @Test func `a file is known by its ends, a stream by nothing`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("a.csv", "id\n1\n")
        let file = try LedgerSource(.file(path: path))
        #expect(file.path == path && file.size == 5 && file.fingerprint != nil)
        let pipe = folder.fifo("pipe")
        #expect(
            try LedgerSource(.file(path: pipe))
                == LedgerSource(path: pipe, size: nil, fingerprint: nil))
    }

    // MARK: Changes

    private func refusal(of changed: LedgerIdentity) -> Failure? {
        LedgerChanges(from: .sample(), to: changed).refusal(of: "sample's")
    }

    @Test func `nothing changed is no refusal, and a file may have another path`() {
        #expect(refusal(of: .sample()) == nil)
        #expect(refusal(of: .sample(sources: [.sample("moved/a.csv")])) == nil)
    }

    @Test(arguments: [
        (LedgerIdentity.sample(table: "public.u"), "its table is public.t, not public.u"),
        (
            .sample(dialect: "delimiter 0x3B\nquote 0x22"),
            "it was begun with delimiter 0x2C, not delimiter 0x3B"
        ),
        (.sample(dialect: "delimiter 0x2C"), "it was begun with other options"),
        (.sample(sources: []), "it has 1 source, not 0"),
        (
            .sample(sources: [.sample("b.csv", size: 999)]),
            "b.csv has changed: it had 1000 bytes and has 999"
        ),
        (
            .sample(sources: [.sample(fingerprint: Digest128(high: 1, low: 3))]),
            "a.csv has changed: its first or last 64 KiB are not what they were"
        ),
        (
            .sample(sources: [.sample("stdin", size: nil, fingerprint: nil)]),
            "stdin has changed: it was a file and is a stream"
        ),
        (
            .sample(table: "public.u", sources: [.sample(size: 999)]),
            "its table is public.t, not public.u; a.csv has changed: it had 1000 bytes and has 999"
        ),
    ])
    func `what has changed is said in words`(changed: LedgerIdentity, words: String) {
        let refusal = refusal(of: changed)
        #expect(refusal?.code == .data)
        #expect(refusal?.message == "import sample's is unfinished and does not fit: \(words)")
        #expect(refusal?.advice?.hasSuffix(": pgsluice status --forget sample's") == true)
    }
}
