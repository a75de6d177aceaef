import Testing

@testable import SluicePostgres

@Suite struct SQLNamesTests {
    @Test(arguments: [
        ("orders", nil, "orders"),
        ("Orders", nil, "orders"),
        ("Foo.\"Bar.x\"", "foo", "Bar.x"),
        ("\"a\"\"b\"", nil, "a\"b"),
        ("\"\"\"\"", nil, "\""),
        ("\"S\".\"T\"", "S", "T"),
        ("_a$1.B2", "_a$1", "b2"),
        (" a . b ", "a", "b"),
        ("\u{c4}RGER", nil, "\u{c4}rger"),
        ("\u{1f600}", nil, "\u{1f600}"),
        ("order", nil, "order"),
    ])
    func `a table's name is read as PostgreSQL reads it`(
        text: String, schema: String?, name: String
    ) throws {
        let parsed = try QualifiedName(parsing: text)
        #expect(parsed == QualifiedName(schema: schema, name: name))
    }

    @Test(arguments: [
        ("", QualifiedNameError.Problem.emptyPart),
        (".", .emptyPart),
        ("a.", .emptyPart),
        ("\"\"", .emptyPart),
        ("a.b.c", .tooManyParts),
        ("\"a", .quoteNotClosed),
        ("\"a\"\"", .quoteNotClosed),
        ("\"a\"b", .unexpected("b")),
        ("a b", .unexpected("b")),
        ("1a", .unexpected("1")),
        ("my-table", .unexpected("-")),
        ("a;drop", .unexpected(";")),
        ("a\"b\"", .unexpected("\"")),
    ])
    func `what PostgreSQL would not take is an error`(
        text: String, problem: QualifiedNameError.Problem
    ) {
        #expect(throws: QualifiedNameError(text: text, problem: problem)) {
            try QualifiedName(parsing: text)
        }
    }

    @Test(arguments: [
        ("a", "\"a\""),
        ("A b", "\"A b\""),
        ("a\"b", "\"a\"\"b\""),
        ("\"\u{301}", "\"\"\"\u{301}\""),
        ("a.b\\c", "\"a.b\\c\""),
    ])
    func `an identifier quotes itself`(name: String, quoted: String) {
        #expect(SQLIdentifier.quote(name) == quoted)
    }

    @Test(arguments: [
        ("", "''"),
        ("it's", "'it''s'"),
        ("'\u{301}", "'''\u{301}'"),
        ("a\\b", "E'a\\\\b'"),
        ("\\'", "E'\\\\'''"),
    ])
    func `a literal quotes itself`(text: String, quoted: String) {
        #expect(SQLLiteral.quote(text) == quoted)
    }

    @Test func `a qualified name quotes its parts`() {
        #expect(QualifiedName(schema: "S", name: "a\"b").sql == "\"S\".\"a\"\"b\"")
        #expect(QualifiedName(name: "t").sql == "\"t\"")
    }
}
