import Testing
import pgsluice

@Suite struct ProgressTests {
    private let half = ProgressFigures(
        elapsed: .seconds(10), bytes: 50 << 20, bytesTotal: 100 << 20, rows: 1_180_000)
    private let stream = ProgressFigures(
        elapsed: .seconds(75), bytes: 150 << 20, bytesTotal: nil, rows: 7)

    @Test func `a bar shows how far, how fast and how long`() {
        #expect(
            half.bar(width: 80) == " 50% [=========>         ]  "
                + "50.0 MB  5.0 MB/s  1,180,000 rows  00:10  ETA 00:10")
    }

    @Test func `without room the gauge goes first, then the end`() {
        #expect(half.bar(width: 60) == " 50% 50.0 MB  5.0 MB/s  1,180,000 rows  00:10  ETA 00:10")
        #expect(half.bar(width: 20) == " 50% 50.0 MB  5.0 M")
        #expect(half.bar(width: 0) == "")
    }

    @Test func `a stream has neither percent nor an end`() {
        #expect(stream.bar(width: 80) == "150.0 MB  2.0 MB/s  7 rows  01:15")
        #expect(stream.line == "150.0 MB, 2.0 MB/s, 7 rows, 01:15 elapsed")
    }

    @Test(arguments: 0...200)
    func `no bar is wider than the terminal`(width: Int) {
        for bytes in [0, 1, 50 << 20, 100 << 20, 101 << 20] {
            var figures = half
            figures.bytes = bytes
            #expect(figures.bar(width: width).count <= max(0, width - 1))
        }
    }

    @Test func `nothing loaded yet is no division by zero`() {
        let start = ProgressFigures(elapsed: .zero, bytes: 0, bytesTotal: 1_000, rows: 0)
        #expect(start.line == "0%, 0 B of 1000 B, 0 B/s, 0 rows, 00:00 elapsed")
        let empty = ProgressFigures(elapsed: .zero, bytes: 0, bytesTotal: 0, rows: 0)
        #expect(empty.line == "0 B of 0 B, 0 B/s, 0 rows, 00:00 elapsed")
    }

    @Test func `lines of a log stand a whole interval apart`() {
        var pace = Pace(interval: .seconds(30))
        let due = [1, 29.9, 30.2, 59.8, 60.1, 200, 201, 210].filter {
            pace.isDue(at: .seconds($0))
        }
        #expect(due == [30.2, 60.1, 200, 210])
    }
}
