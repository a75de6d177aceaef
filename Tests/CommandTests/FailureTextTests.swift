import SluiceCore
import Testing
import pgsluice

@Suite struct FailureTextTests {
    private let location = SourceLocation(
        file: "orders.csv", line: 1_204, record: 1_203, byteOffset: 58_129, column: "amount")

    private func ranges(_ lines: ClosedRange<Int>...) -> [CommittedSummary.Range] {
        lines.map { CommittedSummary.Range(file: "orders.csv", lines: $0) }
    }

    @Test func `a failure says where, what, what is committed and what to do, in this order`() {
        let headline = FailureText.headline(
            at: location, "invalid input syntax for type numeric: \"12,50\"", sqlState: "22P02")
        let committed = CommittedSummary(
            rows: 1_180_000, ranges: ranges(2...1_190_002, 1_200_003...1_210_000),
            namesFiles: false)
        var failure = FailureText(headline: headline, committed: committed)
        failure.record = "1203,\"a\nb\",\"12,50\""
        failure.detail = "a detail"
        failure.hint = "a hint"
        failure.advice = "mend the line"
        #expect(
            failure.lines == [
                #"orders.csv:1204: column "amount": invalid input syntax for type numeric: "#
                    + #""12,50" (22P02)"#,
                #"1203,"a\nb","12,50""#,
                "DETAIL: a detail",
                "HINT: a hint",
                "committed: 1,180,000 rows: lines 2-1190002, 1200003-1210000; nothing else",
                "next: mend the line",
            ])
    }

    @Test func `what is not known is left out`() {
        let file = SourceLocation(file: "orders.csv")
        #expect(FailureText.headline(at: file, "m", sqlState: nil) == "orders.csv: m")
        #expect(FailureText.headline(at: nil, "m", sqlState: "08006") == "pgsluice: m (08006)")
        let nothing = CommittedSummary(rows: 0, ranges: [], namesFiles: false)
        let lines = FailureText(headline: "cancelled", committed: nothing).lines
        #expect(lines == ["cancelled", "committed: nothing"])
    }

    @Test func `with several files each range says whose it is`() {
        let ranges =
            ranges(2...9)
            + [CommittedSummary.Range(file: "items.csv", lines: 7...7)]
        #expect(
            CommittedSummary(rows: 9, ranges: ranges, namesFiles: true).text
                == "9 rows: orders.csv lines 2-9, items.csv lines 7; nothing else")
    }

    @Test func `rows whose lines are unknown are not called nothing`() {
        #expect(
            CommittedSummary(rows: 1_000, ranges: [], namesFiles: false).text
                == "1,000 rows or more; which lines is unknown")
    }
}
