public import SluiceCore

/// What an import did, made at its end, whatever the end.
///
/// `recordsRead = rowsLoaded + rowsRejected + rowsSkipped + recordsUnloaded`, here and per file.
public struct ImportReport: Sendable {
    public enum Status: String, Sendable {
        case completed
        case completedWithRejects = "completed_with_rejects"
        case failed
        case cancelled
    }

    public var status: Status
    /// The ledger's name for the import; nil without a ledger.
    public var importID: String?
    /// Schema-qualified and quoted where need be.
    public var table: String
    public var isDryRun: Bool
    public var startedAt: WallTime
    public var finishedAt: WallTime
    public var duration: Duration
    public var counts: ImportCounts
    /// Peak resident memory of the process, in bytes.
    public var peakMemory: ByteCount
    /// What is in the table, merged; told on failure.
    public var committed: [CommittedRange]
    public var files: [FileReport]
    /// What ended the import.
    public var error: ReportedError?
}

/// Counts of an import, or of one of its files.
public struct ImportCounts: Hashable, Sendable {
    public var recordsRead = 0
    public var rowsLoaded = 0
    public var rowsRejected = 0
    /// Rows that the server took and did not store.
    public var rowsSkipped = 0
    /// Records read that are in no committed batch.
    public var recordsUnloaded = 0
    /// Records that reading recovered from behind a stray quote.
    public var recordsRecovered = 0
    /// Blank, comment and skipped lines.
    public var linesPassed = 0
    /// Rows that an earlier run of a resumed import had loaded.
    public var resumedRows = 0
    /// Bytes of the (decompressed) input that an earlier run had loaded.
    public var resumedBytes = 0
    /// Bytes of the (decompressed) input.
    public var bytesRead = 0
    public var batches = 0
    public var resumedBatches = 0
    public var retries = 0
    public var rowsInBinary = 0
    public var rowsInText = 0
    /// Records that are malformed; in a dry run they are counted, and stay unloaded.
    public var recordsMalformed = 0

    /// Whether every record is accounted for.
    var addUp: Bool {
        recordsRead == rowsLoaded + rowsRejected + rowsSkipped + recordsUnloaded
    }
}

/// Lines of a file that are in the table.
public struct CommittedRange: Hashable, Sendable {
    public var file: String
    public var firstLine: Int
    public var lastLine: Int
    public var firstByte: Int
    /// The first byte behind the range.
    public var endByte: Int
}

public struct FileReport: Hashable, Sendable {
    public enum Status: String, Sendable { case pending, completed, failed, cancelled }

    public var path: String
    public var status: Status
    public var counts: ImportCounts
    /// The file with its rejects, if there are any and they are kept.
    public var rejects: String?
}

/// The error of a report.
public struct ReportedError: Hashable, Sendable {
    public var location: SourceLocation?
    public var sqlState: String?
    public var message: String
    public var detail: String?
    public var hint: String?
    public var constraint: String?
}
