public import Logging

/// Loads CSV into a PostgreSQL table.
///
/// ```swift
/// var configuration = ImportConfiguration()
/// configuration.connection.database = "postgresql://localhost/shop"
/// let report = try await Importer(configuration)
///     .run(.files(["orders.csv"]), into: TableName("sales.orders"))
/// print(report.counts.rowsLoaded)
/// ```
public struct Importer: Sendable {
    private let configuration: ImportConfiguration
    private let logger: Logger

    /// - Parameter logger: takes notes and warnings; nil: they are dropped.
    public init(_ configuration: ImportConfiguration, logger: Logger? = nil) {
        self.configuration = configuration
        self.logger = logger ?? Logger(label: "sluice", factory: { _ in SwiftLogNoOpLogHandler() })
    }

    /// Imports all of `source` and comes back when every connection and thread has ended.
    ///
    /// Batches are committed as they are loaded: after a failure the report says what is in the
    /// table. Cancelling the task ends the import within a second.
    ///
    /// - Parameter progress: made by the caller, who reads its snapshots meanwhile.
    /// - Returns: the report of an import whose records are all loaded.
    /// - Throws: `ImportError`, which carries the report of what was done.
    public func run(
        _ source: ImportSource, into table: TableName, progress: ImportProgress? = nil
    ) async throws(ImportError) -> ImportReport {
        let job = ImportJob(
            configuration: configuration, source: source, table: table, progress: progress,
            logger: logger)
        defer { progress?.continuation.finish() }
        return try await job.run()
    }
}
