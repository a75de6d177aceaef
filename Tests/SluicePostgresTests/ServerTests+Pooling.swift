import Synchronization
import Testing

@testable import SluicePostgres

extension ServerTests {
    @Suite struct Pooling {
        @Test func `no more connections than the maximum, and all who wait are served`()
            async throws
        {
            try await withPool(maximum: 2) { pool in
                let pids = try await withThrowingTaskGroup(of: Int32.self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            try await pool.withConnection { connection in
                                _ = try connection.query("SELECT pg_sleep(0.005)")
                                return connection.backendPID
                            }
                        }
                    }
                    return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
                }
                #expect((1...2).contains(pids.count))
            }
        }

        @Test func `leases are given in the order in which they were asked for`() async throws {
            let order = Order()
            try await withPool(maximum: 1) { pool in
                let tasks = try await pool.withConnection { _ in
                    var tasks: [Task<Void, any Error>] = []
                    for number in 0..<5 {
                        tasks.append(
                            Task { try await pool.withConnection { _ in order.add(number) } })
                        try await pool.untilWaiting(number + 1)
                    }
                    return tasks
                }
                for task in tasks { try await task.value }
            }
            #expect(order.numbers == [0, 1, 2, 3, 4])
        }

        @Test func `a connection is used again, after an error too`() async throws {
            try await withPool(maximum: 1) { pool in
                let first = try await pool.withConnection { $0.backendPID }
                let error = try await failure {
                    try await pool.withConnection { connection in
                        _ = try connection.query("BEGIN; SELECT 1/0")
                    }
                }
                #expect(error.sqlState?.code == "22012")
                let second = try await pool.withConnection { connection in
                    #expect(connection.isHealthy == true)
                    return connection.backendPID
                }
                #expect(first == second)
            }
        }

        @Test func `an open transaction, or a dead connection, is not lent again`() async throws {
            try await withPool(maximum: 1) { pool in
                let first = try await pool.withConnection { connection in
                    _ = try connection.query("BEGIN")
                    return connection.backendPID
                }
                let second = try await pool.withConnection { $0.backendPID }
                #expect(first != second)
                try await withConnection { other in
                    _ = try other.query("SELECT pg_terminate_backend(\(second), 5000)")
                }
                let third = try await pool.withConnection { connection in
                    let one = try connection.value("SELECT 1")
                    #expect(one == "1")
                    return connection.backendPID
                }
                #expect(second != third)
            }
        }

        @Test func `a connection that cannot be opened leaves its place to the next`()
            async throws
        {
            let pool = ConnectionPool(
                ConnectionParameters(port: "1"), maximum: 1, stallTimeout: nil, onNotice: { _ in })
            for _ in 0..<3 {
                let error = try await failure { try await pool.withConnection { _ in } }
                guard case .connectionFailed = error else {
                    Issue.record("\(error)")
                    break
                }
            }
            await pool.close()
        }

        @Test func `cancelling the task interrupts its connection, which lives on`() async throws {
            try await withPool(maximum: 1) { pool in
                let pid = try await pool.withConnection { $0.backendPID }
                let task = Task {
                    try await pool.withConnection { connection in
                        _ = try connection.query("SELECT pg_sleep(60)")
                    }
                }
                #expect(try await eventually { try await isSleeping(pid) })
                task.cancel()
                let error = try await failure { try await task.value }
                #expect(error == .cancelled)
                let next = try await pool.withConnection { connection in
                    let one = try connection.value("SELECT 1")
                    #expect(one == "1")
                    return connection.backendPID
                }
                #expect(next == pid)
            }
        }

        @Test func `a wait for a lease can be cancelled`() async throws {
            try await withPool(maximum: 1) { pool in
                try await pool.withConnection { _ in
                    let task = Task { try await pool.withConnection { _ in } }
                    try await pool.untilWaiting(1)
                    task.cancel()
                    let error = try await failure { try await task.value }
                    #expect(error == .cancelled)
                    let late = Task {
                        withUnsafeCurrentTask { $0?.cancel() }
                        try await pool.withConnection { _ in }
                    }
                    let lateError = try await failure { try await late.value }
                    #expect(lateError == .cancelled)
                }
            }
        }

        @Test func `close refuses those who wait, waits for those who work, and ends all`()
            async throws
        {
            let parameters = ConnectionParameters(dbname: "application_name=closing")
            let pool = ConnectionPool(
                parameters, maximum: 1, stallTimeout: nil, onNotice: { _ in })
            let closing = try await pool.withConnection { connection in
                let waiting = Task { try await pool.withConnection { _ in } }
                try await pool.untilWaiting(1)
                let closing = Task { await pool.close() }
                let error = try await failure { try await waiting.value }
                #expect(error == .poolClosed)
                #expect(try connection.value("SELECT 1") == "1")
                return closing
            }
            await closing.value
            await pool.close()
            let error = try await failure { try await pool.withConnection { _ in } }
            #expect(error == .poolClosed)
            #expect(
                try await eventually {
                    try await withConnection { connection in
                        try connection.value(
                            "SELECT count(*) FROM pg_stat_activity "
                                + "WHERE application_name = 'closing'") == "0"
                    }
                })
        }
    }
}

private final class Order: Sendable {
    private let collected = Mutex<[Int]>([])

    var numbers: [Int] { collected.withLock { $0 } }

    func add(_ number: Int) {
        collected.withLock { $0.append(number) }
    }
}

private func withPool(
    maximum: Int, _ body: (ConnectionPool) async throws -> Void
) async throws {
    let pool = ConnectionPool(
        try TestServer.parameters, maximum: maximum, stallTimeout: nil, onNotice: { _ in })
    let result: Result<Void, any Error>
    do {
        result = .success(try await body(pool))
    } catch {
        result = .failure(error)
    }
    await pool.close()
    try result.get()
}

extension ConnectionPool {
    /// Returns when `count` tasks wait for a lease.
    fileprivate func untilWaiting(_ count: Int) async throws {
        #expect(try await eventually { waiterCount == count })
    }
}

private func isSleeping(_ pid: Int32) async throws -> Bool {
    try await withConnection { connection in
        try connection.value(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = \(pid) AND wait_event = 'PgSleep'")
            == "1"
    }
}
