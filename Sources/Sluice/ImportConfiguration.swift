public import SluiceCodec
public import SluiceCore

/// How an import is to be done: one struct per group of options, all with defaults.
public struct ImportConfiguration: Sendable {
    public var connection = ConnectionOptions()
    public var columns = ColumnOptions()
    public var csv = CSVOptions()
    public var load = LoadOptions()
    public var errors = ErrorOptions()

    public init() {}
}

/// Where the server is. What is not said here comes from libpq's own sources: the `PG*`
/// variables, service files, `.pgpass`.
public struct ConnectionOptions: Sendable {
    /// A database's name, a conninfo string or a URI.
    public var database: String?
    public var host: String?
    public var port: String?
    public var user: String?

    public init() {}
}

/// Which field goes into which column.
public struct ColumnOptions: Sendable {
    /// The column of each field by position; nil in it drops a field. Nil as a whole: by the
    /// header's names or, without a header, the table's columns in their order.
    public var columns: [String?]?
    /// Columns for header names that are not theirs.
    public var map: [HeaderMapping] = []
    /// Header names that have no column.
    public var ignored: Set<String> = []
    /// Every header name without a column is left out.
    public var ignoresUnknown = false

    public init() {}

    public struct HeaderMapping: Hashable, Sendable {
        public var header: String
        public var column: String

        public init(header: String, column: String) {
            self.header = header
            self.column = column
        }
    }
}

/// How the files are written.
public struct CSVOptions: Sendable {
    public var dialect = Dialect()
    public var hasHeader = true
    /// Physical lines before all else that are passed over.
    public var skipLines = 0
    public var forceNull = ColumnSelection.none
    public var forceNotNull = ColumnSelection.none

    public init() {}
}

/// Some of the columns that are written.
public enum ColumnSelection: Hashable, Sendable {
    case none
    case all
    case named([String])
}

/// How the rows get in.
public struct LoadOptions: Sendable {
    /// Connections that load at the same time. Nil: 2 to 4 by processors, but no more than a
    /// quarter of the connections that the server has left.
    public var jobs: Int?
    /// About how long a batch is: one transaction. Nil: by jobs, so that memory stays bounded.
    public var batchBytes: ByteCount?
    /// Empties the table first, in a transaction of its own.
    public var truncate = false
    /// Reads and maps everything, and changes nothing.
    public var dryRun = false
    /// All in one transaction, over one connection: the table is as before if anything fails.
    public var singleTransaction = false
    /// Loads side by side into staging tables, and moves all rows into the table in one last
    /// transaction: the table is as before if anything fails.
    public var atomic = false
    /// Keeps books in the database, so that the same import goes on after whatever ended it.
    public var resume = false
    /// The name of the import in the ledger; nil: made from table, paths and dialect.
    public var importID: String?
    /// Compares all that an earlier run has loaded with the input, not only its borders.
    public var verifySource = false
    /// How long TRUNCATE may wait for its lock.
    public var lockTimeout = Duration.seconds(10)
    /// How long the server may show no progress; zero: for ever.
    public var stallTimeout = Duration.seconds(300)
    /// False: all records take the text lane. For the tests, which compare the lanes.
    package var usesBinaryLane = true

    public init() {}
}

/// What becomes of records that can't be loaded, and of a server that is lost.
public struct ErrorOptions: Sendable {
    public enum Policy: String, CaseIterable, Sendable {
        /// The first one ends the import.
        case stop
        /// They are left out and kept, each with its reason; all others load.
        case reject
    }

    public var policy = Policy.stop
    public var rejects = RejectDestination.default
    /// Replaces reject files that exist.
    public var overwritesRejects = false
    /// As many may be rejected; the next one ends the import.
    public var rejectLimit: Int?
    /// The part of all records that may be rejected, from 0 to 1; looked at from 1,000 records on.
    public var rejectRatio: Double?
    /// How long a batch is tried again after the server was lost, or had no room; zero: not at all.
    public var retryTimeout = Duration.seconds(300)

    public init() {}
}

/// Where rejected records are kept: a file for each input, and its log beside it.
public enum RejectDestination: Hashable, Sendable {
    /// `<input name>.rejects.csv` in the current directory.
    case `default`
    /// This file, for a single input.
    case file(String)
    /// A file for each input in this directory.
    case directory(String)
    /// Rejects are only counted.
    case none
}
