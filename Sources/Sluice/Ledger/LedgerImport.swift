/// An import as the ledger knows it.
public struct LedgerImport: Hashable, Sendable {
    public enum State: String, Sendable {
        /// Begun, and not finished: a run is at work on it, or it waits for one.
        case running
        /// Its run was asked to stop; it does so before its next batch.
        case stopping
        case finished
    }

    public var id: String
    /// Schema-qualified and quoted where need be.
    public var table: String
    public var state: State
    /// Where its last run was or is, and as which process.
    public var host: String
    public var pid: Int
    /// The version of pgsluice of its last run.
    public var version: String
    public var startedAt: WallTime
    /// The last batch, or the last change of state.
    public var updatedAt: WallTime
    public var finishedAt: WallTime?
    public var rowsLoaded: Int
    public var rowsRejected: Int
    public var rowsSkipped: Int
    public var batches: Int
    public var sources: [Source]

    /// A file or a stream of an import.
    public struct Source: Hashable, Sendable {
        public var path: String
        /// In bytes; nil for a stream.
        public var size: Int?
        /// Bytes in batches that are in the table; header and BOM are in none.
        public var bytesDone: Int
        public var rowsLoaded: Int
        public var rowsRejected: Int
    }
}

extension LedgerImport {
    public var bytesDone: Int { sources.reduce(0) { $0 + $1.bytesDone } }

    /// Nil if a source is a stream.
    public var bytesTotal: Int? {
        sources.reduce(0) { sum, source in sum.flatMap { sum in source.size.map { sum + $0 } } }
    }
}
