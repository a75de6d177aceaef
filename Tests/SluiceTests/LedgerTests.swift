import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// One import in the ledger, from its first run to its end.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: PrivateServer.isWanted, "PGSLUICE_TEST_SERVER_DIR is unset"))
struct LedgerTests {
    private let ledger = Ledger(identity: .sample())

    // MARK: Taking over

    @Test func `an import goes from its creation over a second run to its end`() async throws {
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] connection in
                #expect(try ledger.takeOver(on: connection) == nil)
                let first = try ledger.create(
                    once: [], lockTimeout: .seconds(1), on: connection)
                #expect(first == LedgerState(epoch: 1, done: [[]], isFinished: false))
                let batches = [LedgerBatch.sample(5..<100), .sample(100..<200, firstRecord: 11)]
                for batch in batches.reversed() {
                    try ledger.commit(batch, epoch: 1, on: connection)
                }
                let second = try ledger.takeOver(on: connection)
                #expect(second == LedgerState(epoch: 2, done: [batches], isFinished: false))
                try ledger.finish(epoch: 2, sources: [(5, 200, 20)], on: connection)
                let third = try ledger.takeOver(on: connection)
                #expect(third == LedgerState(epoch: 2, done: [batches], isFinished: true))
            }
        }
    }

    @Test func `an unfinished import with another table, dialect or source is refused`()
        async throws
    {
        let others: [LedgerIdentity] = [
            .sample(table: "public.u"), .sample(dialect: "delimiter 0x3B\nquote 0x22"),
            .sample(sources: [.sample(size: 999)]),
            .sample(sources: [.sample(), .sample("b.csv")]),
        ]
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] connection in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                for other in others {
                    let failure = #expect(throws: Failure.self) {
                        try Ledger(identity: other).takeOver(on: connection)
                    }
                    #expect(failure?.code == .data)
                    #expect(failure?.message.contains("is unfinished and does not fit") == true)
                }
                // None of them has become the owner.
                try ledger.commit(.sample(0..<10), epoch: 1, on: connection)
            }
        }
    }

    @Test func `a finished import with other content makes way, and its batches do not count`()
        async throws
    {
        let changed = Ledger(
            identity: .sample(sources: [.sample(size: 20), .sample("b.csv", size: 30)]))
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] connection in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                try ledger.commit(.sample(0..<10), epoch: 1, on: connection)
                try ledger.finish(epoch: 1, sources: [(0, 10, 10)], on: connection)
                #expect(try changed.takeOver(on: connection) == nil)
                let state = try changed.create(once: [], lockTimeout: .zero, on: connection)
                #expect(state == LedgerState(epoch: 2, done: [[], []], isFinished: false))
                #expect(try !changed.contains(source: 0, start: 0, on: connection))
                try changed.commit(.sample(0..<20), epoch: 2, on: connection)
                try changed.commit(.sample(source: 1, 0..<30), epoch: 2, on: connection)
                let sources = [(0, 20, 10), (0, 30, 10)]
                try changed.finish(epoch: 2, sources: sources, on: connection)
                #expect(try ledger.takeOver(on: connection) == nil)
            }
        }
    }

    @Test func `streams are not told apart before they are read`() async throws {
        let stream = LedgerSource.sample("stdin", size: nil, fingerprint: nil)
        let ledger = Ledger(identity: .sample(sources: [stream]))
        try await LedgerDatabase.withLedger { database in
            try await database.connected { connection in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                let state = try ledger.takeOver(on: connection)
                #expect(state == LedgerState(epoch: 2, done: [[]], isFinished: false))
            }
        }
    }

    @Test func `what is done once is done with the import's beginning, or not at all`()
        async throws
    {
        try await LedgerDatabase.withLedger { database in
            _ = try await database.query("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
            try await database.connected { [ledger] connection in
                #expect(throws: PostgresError.self) {
                    try ledger.create(
                        once: ["TRUNCATE t", "TRUNCATE missing"], lockTimeout: .zero,
                        on: connection)
                }
                #expect(try connection.query("SELECT FROM t").rows.count == 1)
                #expect(try ledger.takeOver(on: connection) == nil)
                _ = try ledger.create(once: ["TRUNCATE t"], lockTimeout: .zero, on: connection)
                #expect(try connection.query("SELECT FROM t").rows.isEmpty)
            }
        }
    }

    @Test func `what is done once waits no longer than its lock timeout`() async throws {
        try await LedgerDatabase.withLedger { database in
            _ = try await database.query("CREATE TABLE t (a int)")
            try await database.connected { [ledger] holder in
                _ = try holder.query("BEGIN; LOCK TABLE t")
                try await database.connected { connection in
                    let error = #expect(throws: PostgresError.self) {
                        try ledger.create(
                            once: ["TRUNCATE t"], lockTimeout: .milliseconds(50), on: connection)
                    }
                    #expect(error?.sqlState == .lockNotAvailable)
                    let isReusable = connection.isReusable
                    #expect(isReusable)
                }
            }
        }
    }

    // MARK: Several runs

    @Test func `of two runs that begin an import one is told that it is taken`() async throws {
        try await LedgerDatabase.withLedger { database in
            async let one = creation(in: database)
            async let other = creation(in: database)
            let codes = try await [one, other]
            #expect(codes.count { $0 == nil } == 1)
            #expect(codes.contains(.taken))
        }
    }

    private func creation(in database: LedgerDatabase) async throws -> ImportError.Code? {
        try await database.connected { [ledger] connection in
            do {
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                return nil
            } catch let failure as Failure {
                return failure.code
            }
        }
    }

    @Test func `a run that was taken over can't write any more`() async throws {
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] connection in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                _ = try ledger.takeOver(on: connection)
                let failure = #expect(throws: Failure.self) {
                    try ledger.commit(.sample(0..<10), epoch: 1, on: connection)
                }
                #expect(failure?.code == .taken)
                let end = #expect(throws: Failure.self) {
                    try ledger.finish(epoch: 1, sources: [(0, 0, 0)], on: connection)
                }
                #expect(end?.code == .taken)
                #expect(try ledger.takeOver(on: connection)?.done == [[]])
            }
        }
    }

    @Test func `who takes over waits for the batches that are under way, and sees them`()
        async throws
    {
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] first in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: first)
                try ledger.check(first.query("BEGIN; " + ledger.claim(epoch: 1)))
                try ledger.insert(.sample(0..<10), on: first)
                async let second = database.connected { try ledger.takeOver(on: $0) }
                try await database.waitForLockWaiter()
                try first.commit()
                let state = try await second
                #expect(state?.done == [[.sample(0..<10)]])
            }
        }
    }

    @Test func `who waits too long for an import is told that it is taken`() async throws {
        let hasty = Ledger(identity: .sample(), lockTimeout: .milliseconds(50))
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] first in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: first)
                try ledger.check(first.query("BEGIN; " + ledger.claim(epoch: 1)))
                let failure = await #expect(throws: Failure.self) {
                    try await database.connected { try hasty.takeOver(on: $0) }
                }
                #expect(failure?.code == .taken)
                try ledger.insert(.sample(0..<10), on: first)
                try first.commit()
            }
        }
    }

    @Test func `a claim waits no longer than its lock timeout`() async throws {
        let hasty = Ledger(identity: .sample(), lockTimeout: .milliseconds(50))
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] owner in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: owner)
                _ = try owner.query("BEGIN; SELECT pg_advisory_xact_lock(\(ledger.lockKey))")
                let error = await #expect(throws: PostgresError.self) {
                    try await database.connected { connection in
                        try hasty.commit(.sample(0..<10), epoch: 1, on: connection)
                    }
                }
                #expect(error?.sqlState == .lockNotAvailable)
            }
        }
    }

    @Test func `a batch behind a takeover gets no row, and so does one behind forgetting`()
        async throws
    {
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] owner in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: owner)
                for change in [
                    "UPDATE pgsluice.import SET epoch = 2", "DELETE FROM pgsluice.import",
                ] {
                    _ = try owner.query(
                        "BEGIN; SELECT pg_advisory_xact_lock(\(ledger.lockKey)); \(change)")
                    async let late = commitCode(.sample(0..<10), in: database)
                    try await database.waitForLockWaiter()
                    try owner.commit()
                    #expect(try await late == .taken)
                }
            }
        }
    }

    private func commitCode(
        _ batch: LedgerBatch, in database: LedgerDatabase
    ) async throws -> ImportError.Code? {
        try await database.connected { [ledger] connection in
            do {
                try ledger.commit(batch, epoch: 1, on: connection)
                return nil
            } catch let failure as Failure {
                return failure.code
            }
        }
    }

    @Test func `batches do not wait for each other`() async throws {
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] one in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: one)
                try ledger.check(one.query("BEGIN; " + ledger.claim(epoch: 1)))
                try ledger.insert(.sample(0..<10), on: one)
                try await database.connected { other in
                    _ = try other.query("SET lock_timeout = 1000")
                    try ledger.commit(.sample(10..<20), epoch: 1, on: other)
                }
                try one.commit()
            }
        }
    }

    // MARK: Batches

    @Test func `a claim goes with BEGIN and COPY in one message, and fences the rows`()
        async throws
    {
        try await LedgerDatabase.withLedger { database in
            _ = try await database.query("CREATE TABLE t (a int)")
            try await database.connected { [ledger] connection in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                for (epoch, start) in [(1, 0), (2, 10)] {
                    let claim = ledger.claim(epoch: epoch)
                    let answers = try connection.beginCopy("BEGIN; \(claim); COPY t FROM STDIN")
                    let answer = try #require(answers.last)
                    #expect(answer.columns == ["ledger_epoch", "ledger_stop"])
                    guard epoch == 1 else {
                        #expect(throws: Failure.self) { try ledger.check(answer) }
                        connection.rollback()
                        continue
                    }
                    try ledger.check(answer)
                    try Array("7\n".utf8).withUnsafeBytes { try connection.put($0) }
                    _ = try connection.finishCopy()
                    try ledger.insert(.sample(start..<(start + 10)), on: connection)
                    try connection.commit()
                }
                #expect(try connection.query("SELECT a FROM t").rows == [["7"]])
                #expect(try ledger.takeOver(on: connection)?.done[0].count == 1)
            }
        }
    }

    @Test func `the session's lock timeout is what it was after a claim`() async throws {
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] connection in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                for timeout in ["0", "1234ms", "3s"] {
                    _ = try connection.query("SET lock_timeout = '\(timeout)'; BEGIN")
                    try ledger.check(connection.query(ledger.claim(epoch: 1)))
                    #expect(try connection.query("SHOW lock_timeout").rows == [[timeout]])
                    _ = try connection.query("COMMIT")
                    #expect(try connection.query("SHOW lock_timeout").rows == [[timeout]])
                }
            }
        }
    }

    @Test func `who is asked to stop is told so by its next claim, and a new run is not`()
        async throws
    {
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] connection in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                try Ledger.requestStop(of: ledger.id, on: connection)
                let failure = #expect(throws: Failure.self) {
                    try ledger.commit(.sample(0..<10), epoch: 1, on: connection)
                }
                #expect(failure?.code == .cancelled)
                #expect(failure?.message == "stopped by pgsluice status --stop sample's")
                let state = try ledger.takeOver(on: connection)
                try ledger.commit(.sample(0..<10), epoch: #require(state?.epoch), on: connection)
            }
        }
    }

    @Test func `a batch is in the ledger once it is committed, and only once`() async throws {
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] connection in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                try ledger.check(connection.query("BEGIN; " + ledger.claim(epoch: 1)))
                try ledger.insert(.sample(5..<10), on: connection)
                connection.rollback()
                #expect(try !ledger.contains(source: 0, start: 5, on: connection))
                try ledger.commit(.sample(5..<10), epoch: 1, on: connection)
                #expect(try ledger.contains(source: 0, start: 5, on: connection))
                #expect(try !ledger.contains(source: 0, start: 6, on: connection))
                #expect(try !ledger.contains(source: 1, start: 5, on: connection))
                let failure = #expect(throws: Failure.self) {
                    try ledger.commit(.sample(5..<10), epoch: 1, on: connection)
                }
                // Not `data`: no record is to blame.
                #expect(failure?.code == .fault)
                let isReusable = connection.isReusable
                #expect(isReusable)
            }
        }
    }

    @Test func `more batches than are read at a time come back, in order`() async throws {
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] connection in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                _ = try connection.query(
                    """
                    INSERT INTO pgsluice.batch
                    SELECT id, 1, 0, i, i + 1, i + 1, 1, i + 1, 1, i + 1,
                        '00000000000000000000000000000000', 1, 0, 0, 0, 0, 0, 0, 1, 1
                    FROM pgsluice.import, generate_series(0, 12345) i
                    """)
                let done = try #require(try ledger.takeOver(on: connection)?.done.first)
                #expect(done.map(\.range) == (0...12_345).map { $0..<($0 + 1) })
            }
        }
    }

    // MARK: The end

    @Test(arguments: [
        // A gap at the start, amid, at the end; an overlap; a wrong count; nothing at all.
        ([10..<20, 20..<30], 20), ([0..<10, 20..<30], 20), ([0..<10, 10..<20], 20),
        ([0..<20, 10..<30], 20), ([0..<10, 10..<30], 21), ([], 0),
    ])
    func `an import with a gap is not finished`(ranges: [Range<Int>], records: Int) async throws {
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] connection in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                for range in ranges {
                    try ledger.commit(.sample(range), epoch: 1, on: connection)
                }
                let failure = #expect(throws: Failure.self) {
                    try ledger.finish(epoch: 1, sources: [(0, 30, records)], on: connection)
                }
                #expect(failure?.code == .server)
                #expect(failure?.message.hasPrefix("the server lost acknowledged commits") == true)
                #expect(failure?.advice == "run again with --resume")
                #expect(try ledger.takeOver(on: connection)?.isFinished == false)
            }
        }
    }

    @Test func `a source without records is covered by nothing`() async throws {
        try await LedgerDatabase.withLedger { database in
            try await database.connected { [ledger] connection in
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                try ledger.finish(epoch: 1, sources: [(7, 7, 0)], on: connection)
                #expect(try ledger.takeOver(on: connection)?.isFinished == true)
            }
        }
    }

    @Test func `commits wait for the disk, whatever the session says`() async throws {
        try await LedgerDatabase.withLedger { database in
            try await database.connected { connection in
                _ = try connection.query("SET synchronous_commit = off")
                let during = try Ledger.inTransaction(on: connection) {
                    try connection.query("SHOW synchronous_commit").rows
                }
                #expect(during == [["on"]])
                #expect(try connection.query("SHOW synchronous_commit").rows == [["off"]])
            }
        }
    }

    @Test func `what the session finds first by its search path is not asked`() async throws {
        try await LedgerDatabase.withLedger { database in
            _ = try await database.query(
                """
                CREATE SCHEMA evil;
                CREATE FUNCTION evil.now() RETURNS timestamptz
                    LANGUAGE sql AS $$ SELECT timestamptz '1970-01-01' $$;
                """)
            try await database.connected { [ledger] connection in
                _ = try connection.query("SET search_path = evil, pg_catalog")
                _ = try ledger.create(once: [], lockTimeout: .zero, on: connection)
                try ledger.commit(.sample(0..<10), epoch: 1, on: connection)
                try ledger.finish(epoch: 1, sources: [(0, 10, 10)], on: connection)
                let answer = try connection.query(
                    "SELECT updated_at > '2020-01-01' FROM pgsluice.import")
                #expect(answer.rows == [["t"]])
                #expect(try connection.query("SHOW search_path").rows == [["evil, pg_catalog"]])
            }
        }
    }
}
