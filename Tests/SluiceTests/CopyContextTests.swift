import SluicePostgres
import Testing

@testable import Sluice

/// What is read out of the CONTEXT of an error.
@Suite struct CopyContextTests {
    /// The translations are PostgreSQL 15's own.
    @Test(arguments: [
        ("COPY t, line 3, column c: \"x\"", 3, "c"),
        ("COPY t, line 3", 3, nil),
        ("COPY t, line 3: \"1\tx\"", 3, nil),
        ("COPY t, line 3, column c: null input", 3, "c"),
        ("COPY t, line 3, column c", 3, "c"),
        ("COPY t, line 12345678901, column c: \"\"", 12_345_678_901, "c"),
        ("COPY t, Zeile 3, Spalte c: »x«", 3, "c"),
        ("COPY t, Zeile 3, Spalte c: NULL Eingabe", 3, "c"),
        ("COPY t, ligne 3, colonne c : « x »", 3, "c"),
        ("COPY t, ligne 3, colonne c\u{A0}: «\u{A0}x\u{A0}»", 3, "c"),
        ("COPY t, línea 3, columna c: «x»", 3, "c"),
        ("COPY t, riga 3, colonna c: input nullo", 3, "c"),
        ("COPY t, строка 3, столбец c: \"x\"", 3, "c"),
        ("COPY t, рядок 3, стовпець c: \"x\"", 3, "c"),
        ("COPY t, rad 3, kolumn c: null-indata", 3, "c"),
        ("COPY t, ხაზი 3, სვეტი c: \"x\"", 3, "c"),
        // A column's name may look like the rest.
        ("COPY t, line 3, column x, line 9: \"1\"", 3, "x, line 9"),
        ("COPY t, line 3, column two words: \"1\"", 3, "two words"),
        ("COPY t, line 3, column c2: \"1\"", 3, "c2"),
        ("COPY t, line 3, column C: \"1\"", 3, "C"),
        ("COPY t, line 3, column unknown: \"1\"", 3, nil),
        // A record that reads as a column does.
        ("COPY t, line 3: \"x c: 1\"", 3, nil),
        // Lines that a value forges, and what stands before.
        ("COPY t, line 3, column c: \"x\nCOPY t, line 9, column C: \"y\"", 3, "c"),
        (
            "SQL statement \"SELECT 1\"\nPL/pgSQL function f() line 7 at RAISE\nCOPY t, line 3", 3,
            nil
        ),
        ("JSON data, line 1: {\"a\nCOPY t, line 3, column c: \"{\"a\"", 3, "c"),
        ("COPY other, line 9\nCOPY t, line 3", 3, nil),
        ("  COPY t, line 9\nCOPY t, line 3", 3, nil),
    ])
    func `the place is read by its parts`(context: String, line: Int, column: String?) {
        let read = CopyContext(
            diagnostics(context), relation: "t",
            columns: ["c", "C", "c2", "two words", "x, line 9"])
        #expect(read?.line == line)
        #expect(read?.column == column)
    }

    @Test(arguments: [
        "a, line 9", "orders 2024", "we\"ird", "a,7", "7", "Zeile 5, x", "%s", "ä", "a\nCOPY b",
    ])
    func `the table may have any name`(relation: String) {
        let context = "COPY \(relation), line 3, column c: \"x\""
        let read = CopyContext(diagnostics(context), relation: relation, columns: ["c"])
        #expect(read?.line == 3 && read?.column == "c")
    }

    /// Then the batch is named, not a record.
    @Test(arguments: [
        nil, "", "COPY t", "COPY t, ", "COPY t, line", "COPY t, line x", "COPY other, line 3",
        "COPY tt, line 3", "copy t, line 3", "while inserting index tuple (0,1) in relation \"t\"",
        "COPY t, line 99999999999999999999999, column c: \"x\"",
        "COPY t, line \n7", "PL/pgSQL function f() line 7 at RAISE",
        // Japanese and Korean put the table first.
        "tのCOPY、行 3、列 c: \"x\"", "t 복사, 3번째 줄, c 열: \"x\"",
    ])
    func `no place is read where there is none`(context: String?) {
        #expect(CopyContext(diagnostics(context), relation: "t", columns: ["c"])?.line == nil)
    }

    @Test func `a row that is too big names another line`() {
        let context = "COPY t, line 501"
        #expect(
            CopyContext(diagnostics(context, "54000"), relation: "t", columns: ["c"])?.line == nil)
    }

    @Test func `a long context is read in a moment`() {
        let context = String(repeating: "COPY t,line 5\n", count: 20_000) + "COPY t, line 3"
        let time = ContinuousClock().measure {
            #expect(
                CopyContext(diagnostics(context), relation: "t", columns: ["c"])?.line == 3)
        }
        #expect(time < .seconds(30))
    }

    private func diagnostics(
        _ context: String?, _ state: String = "22P02"
    ) -> ServerDiagnostics {
        var diagnostics = ServerDiagnostics(sqlState: SQLState(state)!, message: "refused")
        diagnostics.context = context
        return diagnostics
    }
}
