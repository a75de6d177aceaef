import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// One import in the ledger, from its first run to its end.
@Suite(
    .timeLimit(.minutes(2)),
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
}
