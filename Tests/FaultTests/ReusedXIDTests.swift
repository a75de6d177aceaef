import SluiceTestSupport
import Testing

/// After a crash another session gets the XID of a lost transaction, and commits under it.
///
/// Who asks `pg_xact_status` then is told that the lost batch was committed.
@Suite(.serialized, .timeLimit(.minutes(60)), .server, .needs("--retry-timeout"))
struct ReusedXIDTests {
    @Test func `without a ledger the batch is uncertain`() async throws {
        try await withReusedXID([]) { round, end in
            try await round.expectHonest(end, statuses: [69], "its XID was reused")
            #expect(!end.uncertainLines.isEmpty, "\(round): \(end)")
        }
    }

    @Test(.needs("--resume"))
    func `a ledger knows better`() async throws {
        try await withReusedXID(["--resume"]) { round, end in
            try await round.expectComplete([end], "its XID was reused")
        }
    }

    /// The WAL of what is not committed is to be lost in the crash.
    private static let settings = "wal_writer_delay = '10s'"

    private func withReusedXID(
        _ flags: [String], _ judge: (Round, ImportEnd) async throws -> Void
    ) async throws {
        try await ServerCluster.with(Self.settings) { cluster in
            try await cluster.database.query("CREATE TABLE other (a int)")
            try await FaultProxy.with(cluster.address) { proxy in
                let reach = "host=127.0.0.1 port=\(proxy.port) user=postgres dbname=postgres"
                try await Trial.with(
                    records: 1_500, on: cluster.database, reachedBy: reach
                ) { trial in
                    // The first of all imports may have a schema to make.
                    let first = try await trial.round(0, pause: .zero)
                    try await first.expectComplete([try await first.run(flags)])
                    for number in 1...TestSettings.slowRounds {
                        let round = try await trial.round(number, pause: .zero)
                        let end = try await lose(round, proxy, cluster, flags)
                        try await judge(round, end)
                    }
                }
            }
        }
    }

    /// The second batch's COMMIT never arrives, and the program does not know.
    private func lose(
        _ round: Round, _ proxy: FaultProxy, _ cluster: ServerCluster, _ flags: [String]
    ) async throws -> ImportEnd {
        let database = cluster.database
        let commits = try await commitsAheadOfBatches(round, proxy, flags)
        proxy.arm(Fault(.stall(keepsServer: true), .before, .commit, number: commits + 2))
        let running = try round.start(["--jobs", "1", "--retry-timeout", "60s"] + flags)
        #expect(await becomesTrue { !proxy.struck.isEmpty }, "\(round): no second COMMIT")
        let lost = try await database.query(
            """
            SELECT max(backend_xid::text::bigint) FROM pg_stat_activity
            WHERE application_name = 'pgsluice'
            """)
        try await cluster.stop(.immediate)
        try await cluster.start()
        try await reuse(Int(lost), database)
        proxy.cutAll()
        return await running.end()
    }

    /// A ledger commits before the first batch, too.
    private func commitsAheadOfBatches(
        _ round: Round, _ proxy: FaultProxy, _ flags: [String]
    ) async throws -> Int {
        let rehearsal = try await round.trial.round(1_000 + round.number, pause: .zero)
        proxy.arm()
        let end = try await rehearsal.run(["--jobs", "1"] + flags)
        try await rehearsal.expectComplete([end], "nothing was disturbed")
        let firstData = proxy.trace.firstIndex { $0.kind == .typed("d") } ?? 0
        return proxy.trace[..<firstData].count { MessagePattern.commit.matches($0) }
    }

    /// Commits under one XID after the other, up to the lost one.
    private func reuse(_ lost: Int?, _ database: Database) async throws {
        let lost = try #require(lost, "the batch had an XID")
        var used: [Int] = []
        repeat {
            let sql = "INSERT INTO other VALUES (1) RETURNING pg_current_xact_id()"
            used.append(try #require(Int(try await database.query(sql))))
        } while used.last! < lost && used.count < 100
        try #require(used.last == lost, "XID \(lost) was not to be had again: \(used)")
    }
}
