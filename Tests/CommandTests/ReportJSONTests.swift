import SluiceCore
import Testing

@testable import Sluice

/// Scripts rely on every key and on what is null.
@Suite struct ReportJSONTests {
    private var counts: ImportCounts {
        var counts = ImportCounts()
        counts.recordsRead = 12
        counts.rowsLoaded = 9
        counts.recordsUnloaded = 3
        counts.linesPassed = 1
        counts.bytesRead = 300
        counts.batches = 2
        counts.rowsInText = 9
        return counts
    }

    private let countsText =
        #""records_read":12,"rows_loaded":9,"rows_rejected":0,"rows_skipped":0,"#
        + #""records_unloaded":3,"records_recovered":0,"lines_passed":1,"resumed_rows":0,"#
        + #""bytes_read":300,"batches":2,"resumed_batches":0,"retries":0,"#

    private var report: ImportReport {
        ImportReport(
            status: .completed, importID: nil, table: "public.orders", isDryRun: false,
            startedAt: WallTime(seconds: 0, milliseconds: 7),
            finishedAt: WallTime(seconds: 1, milliseconds: 507), duration: .milliseconds(1_500),
            counts: counts, peakMemory: .mebibytes(1), committed: [], files: [], error: nil)
    }

    @Test func `a completed import has all keys, in their order`() {
        #expect(
            report.json(exitCode: 0)
                == #"{"version":"\#(sluiceVersion)","status":"completed","exit_code":0,"#
                + #""import_id":null,"table":"public.orders","dry_run":false,"#
                + #""started_at":"1970-01-01T00:00:00.007Z","#
                + #""finished_at":"1970-01-01T00:00:01.507Z","duration_seconds":1.500,"#
                + countsText + #""rows_per_second":6.0,"bytes_per_second":200.0,"#
                + #""lanes":{"binary":0,"text":9},"peak_memory_bytes":1048576,"committed":[],"#
                + #""files":[],"error":null}"#)
    }

    @Test func `a failure has its ranges, its files and its error`() {
        var failed = report
        failed.committed = [
            CommittedRange(file: "a\"b.csv", firstLine: 2, lastLine: 10, firstByte: 5, endByte: 200)
        ]
        failed.files = [FileReport(path: "a\"b.csv", status: .failed, counts: counts)]
        failed.error = ReportedError(
            location: SourceLocation(file: "a\"b.csv", line: 12, column: "x"), sqlState: "22P02",
            message: "not \u{1}\n", detail: nil, hint: "h", constraint: nil)
        let text = failed.json(exitCode: 65)
        #expect(
            text.hasSuffix(
                #""committed":[{"file":"a\"b.csv","first_line":2,"last_line":10,"#
                    + #""first_byte":5,"end_byte":200}],"files":[{"path":"a\"b.csv","#
                    + #""status":"failed","# + countsText + #""rejects":null}],"error":"#
                    + #"{"file":"a\"b.csv","line":12,"record":null,"byte_offset":null,"#
                    + #""column":"x","sqlstate":"22P02","message":"not \u0001\n","detail":null,"#
                    + #""hint":"h","constraint":null}}"#), "\(text)")
    }

    @Test func `an import that took no time has no rates`() {
        var report = report
        report.duration = .zero
        #expect(report.json(exitCode: 0).contains(#""rows_per_second":0.0,"bytes_per_second":0.0"#))
    }

    @Test func `decimals are written out`() {
        let values: [JSON] = [
            .decimal(units: 5, digits: 3), .decimal(units: -12_345, digits: 3),
            .decimal(units: 7, digits: 0), .decimal(units: 0, digits: 1),
        ]
        #expect(JSON.array(values).text == "[0.005,-12.345,7,0.0]")
    }

    @Test func `the last words of an import that hangs add up`() {
        let snapshot = ImportSnapshot(
            elapsed: .seconds(2), bytesRead: 50, bytesTotal: nil, bytesLoaded: 20, recordsRead: 5,
            rowsLoaded: 2, rowsRejected: 0, retries: 0)
        let report = ImportReport(
            unfinished: snapshot, table: "t", isDryRun: false, startedAt: .now)
        #expect(report.status == .cancelled)
        #expect(report.counts.addUp)
        #expect(report.counts.recordsUnloaded == 3)
    }
}
