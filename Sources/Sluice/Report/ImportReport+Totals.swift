import SluiceCore
import SluicePostgres

extension ImportReport {
    init(
        _ state: Totals.State, _ start: ReportStart, table: String, isDryRun: Bool,
        failure: Failure?
    ) {
        let status: Status =
            switch failure?.code {
            case nil: state.counts.rowsRejected > 0 ? .completedWithRejects : .completed
            case ImportError.Code.cancelled?: .cancelled
            default: .failed
            }
        self.init(
            status: status, importID: state.importID, table: table, isDryRun: isDryRun,
            startedAt: start.time, finishedAt: .now, duration: start.elapsed,
            counts: state.counts, peakMemory: .peakResident,
            committed: failure == nil ? [] : state.files.flatMap(\.committed),
            files: state.files.map { FileReport($0, status: status) },
            error: failure.map(ReportedError.init))
    }
}

extension FileReport {
    fileprivate init(_ file: Totals.FileState, status: ImportReport.Status) {
        self.init(
            path: file.path, status: Self.status(of: file, status), counts: file.counts,
            rejects: file.rejects)
    }

    private static func status(
        of file: Totals.FileState, _ status: ImportReport.Status
    ) -> Status {
        if file.isComplete, file.counts.recordsUnloaded == 0 { return .completed }
        if !file.isComplete, file.counts.bytesRead == 0 { return .pending }
        switch status {
        case .completed, .completedWithRejects: return .completed
        case .failed: return .failed
        case .cancelled: return .cancelled
        }
    }
}

extension ReportedError {
    fileprivate init(_ failure: Failure) {
        self.init(
            location: failure.location, sqlState: failure.sqlState?.code,
            message: failure.message, detail: failure.server?.detail,
            hint: failure.server?.hint ?? failure.advice,
            constraint: failure.server?.constraintName)
    }
}

extension ImportError {
    init(_ failure: Failure, report: ImportReport, isTruncated: Bool) {
        code = failure.code
        message = failure.message
        location = failure.location
        record = failure.record
        server = failure.server
        advice = Self.advice(failure, report, isTruncated: isTruncated)
        self.report = report
    }

    /// A mended file would be another one, which the ledger refuses.
    private static func adviceWithLedger(_ failure: Failure) -> String {
        let further = "run the same command again: it goes on where this run ended"
        guard failure.code != .data else {
            return failure.isAboutData
                ? further + "; --on-error reject leaves such records out, and a mended file "
                    + "would be another import"
                : failure.advice ?? further
        }
        return [failure.advice, further].compactMap { $0 }.joined(separator: "; then ")
    }

    /// A failed import without a ledger can't be continued: what is committed would be loaded twice.
    private static func advice(
        _ failure: Failure, _ report: ImportReport, isTruncated: Bool
    ) -> String? {
        if isTruncated {
            let gone = "the table's old rows are gone (--truncate)"
            return [gone, failure.advice].compactMap { $0 }.joined(separator: "; ")
        }
        guard report.importID == nil else {
            return Self.adviceWithLedger(failure)
        }
        guard report.counts.rowsLoaded > 0 else { return failure.advice }
        return "running the same command again would load the committed lines twice: "
            + "empty the table first (--truncate), or load only the other lines"
    }
}
