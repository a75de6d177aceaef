import Sluice
import SluiceTestSupport

/// One import, and how it ended.
struct Load: Sendable {
    let report: ImportReport
    let error: ImportError?

    // Stored: to look into `error` each time crashes Swift 6.3.1's optimizer.
    let code: ImportError.Code?
    let counts: ImportCounts

    private init(_ report: ImportReport, _ error: ImportError?) {
        self.report = report
        self.error = error
        code = error?.code
        counts = report.counts
    }

    /// Loads `text`, which has a header, into a table on the private server.
    static func run(
        _ text: String, into table: String, _ change: (inout ImportConfiguration) -> Void = { _ in }
    ) async throws -> Load {
        try await run(.bytes([Array(text.utf8)].async, name: "text"), into: table, change)
    }

    static func run(
        _ source: ImportSource, into table: String,
        _ change: (inout ImportConfiguration) -> Void = { _ in }
    ) async throws -> Load {
        try await run(source, into: table, onReject: nil, change)
    }

    static func run(
        _ source: ImportSource, into table: String,
        onReject: (@Sendable (Reject) async throws -> Void)?,
        _ change: (inout ImportConfiguration) -> Void
    ) async throws -> Load {
        var configuration = ImportConfiguration()
        configuration.load.jobs = 2
        configuration.errors.retryTimeout = .zero
        change(&configuration)
        do throws(ImportError) {
            let report = try await Importer(configuration)
                .run(source, into: tableName(table), onReject: onReject)
            return Load(report, nil)
        } catch {
            return Load(error.report, error)
        }
    }

    private static func tableName(_ text: String) -> TableName {
        // The tests write names that are names.
        try! TableName(text)
    }
}
