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
    /// - Parameters:
    ///   - progress: made by the caller, who reads its snapshots meanwhile.
    ///   - onReject: is given, under `reject`, each record that was left out, one after the other,
    ///     in the order of the source: once all batches are committed, or when the import has
    ///     failed, those of the batches that are; a cancellation ends that, too. With `resume` it
    ///     gets those of all runs, in the one that ends the import, and may get them again if it
    ///     throws. What it throws ends the import with the code `output`.
    /// - Returns: the report of an import whose records are all loaded.
    /// - Throws: `ImportError`, which carries the report of what was done.
    public func run(
        _ source: ImportSource, into table: TableName, progress: ImportProgress? = nil,
        onReject: (@Sendable (Reject) async throws -> Void)? = nil
    ) async throws(ImportError) -> ImportReport {
        let job = ImportJob(
            configuration: configuration, source: source, table: table, progress: progress,
            rejectHandler: onReject.map(RejectHandler.init), logger: logger)
        defer { progress?.continuation.finish() }
        return try await job.run()
    }
}
