import SluicePostgres
import Synchronization

/// By which a server is known again: it changes when the server crashes, is started anew, or
/// another takes its place. Transaction numbers mean the same only as long as it is equal.
struct ServerToken: Hashable, Sendable {
    let startedAt: String
    /// Reset by a crash, too, after which the postmaster goes on.
    let statisticsReset: String
    let timeline: String

    /// Columns of a question that `init(_:)` reads; every role may ask it.
    static let columns = """
        pg_catalog.pg_postmaster_start_time() AS server_started_at, \
        (SELECT stats_reset FROM pg_catalog.pg_stat_wal) AS server_statistics_reset, \
        pg_catalog."left"(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8) \
        AS server_timeline
        """

    init(_ answer: QueryResult) {
        startedAt = answer[row: 0, column: "server_started_at"] ?? ""
        statisticsReset = answer[row: 0, column: "server_statistics_reset"] ?? ""
        timeline = answer[row: 0, column: "server_timeline"] ?? ""
    }
}

/// Watches over an import whether the server is still the one that acknowledged its commits.
final class ServerWatch: Sendable {
    private let firstToken = Mutex<ServerToken?>(nil)
    private let hasCommitted = Mutex(false)

    /// A batch is committed.
    func committed() {
        hasCommitted.withLock { $0 = true }
    }

    /// Looks at the server of a transaction that has just begun.
    ///
    /// - Throws: `Failure` when what was committed may be gone.
    func check(_ token: ServerToken, target: Target, hasLedger: Bool) throws(Failure) {
        let first = firstToken.withLock { first in
            first = first ?? token
            return first!
        }
        guard first != token, hasCommitted.withLock({ $0 }) else { return }
        if target.isUnlogged {
            throw Failure(
                .server,
                "the server was restarted, which empties an unlogged table that was written to",
                advice: "empty the table and run the import again")
        }
        if !hasLedger, first.timeline != token.timeline {
            throw Failure(
                .server,
                "another server has taken over (timeline \(token.timeline), before "
                    + "\(first.timeline)); acknowledged commits may be lost",
                advice: "compare the table with the file; --resume can tell, from the start on")
        }
    }
}
