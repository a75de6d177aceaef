import SluiceCore

extension ImportReport {
    /// The report of a cancelled import that has not ended in time: what its last snapshot tells.
    ///
    /// - Parameter snapshot: nil if the import never came to send one.
    package init(
        unfinished snapshot: ImportSnapshot?, table: String, isDryRun: Bool, startedAt: WallTime
    ) {
        var counts = ImportCounts()
        counts.recordsRead = snapshot?.recordsRead ?? 0
        counts.rowsLoaded = snapshot?.rowsLoaded ?? 0
        counts.rowsRejected = snapshot?.rowsRejected ?? 0
        counts.recordsUnloaded = counts.recordsRead - counts.rowsLoaded - counts.rowsRejected
        counts.bytesRead = snapshot?.bytesRead ?? 0
        counts.retries = snapshot?.retries ?? 0
        self.init(
            status: .cancelled, importID: nil, table: table, isDryRun: isDryRun,
            startedAt: startedAt, finishedAt: .now, duration: snapshot?.elapsed ?? .zero,
            counts: counts, peakMemory: .peakResident, committed: [], files: [],
            error: ReportedError(
                location: nil, sqlState: nil,
                message: "cancelled, and not ended in time: which lines are committed is unknown",
                detail: nil, hint: nil, constraint: nil))
    }
}
