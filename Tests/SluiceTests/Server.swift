import Glibc
import Sluice
import SluicePostgres
import SluiceTestSupport
import Synchronization

/// The private server, as the tests look at it.
struct Server: Sendable {
    private let pool: ConnectionPool

    static func with(_ body: (Server) async throws -> Void) async throws {
        let pool = ConnectionPool(
            ConnectionParameters(dbname: "application_name=observer"), maximum: 1,
            stallTimeout: .seconds(30), onNotice: { _ in })
        do {
            try await body(Server(pool: pool))
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    @discardableResult
    func query(_ sql: String) async throws -> QueryResult {
        try await pool.withConnection { try $0.query(sql) }
    }

    /// Runs `body` in the midst of a transaction that has run `sql`.
    func holding(_ sql: String, _ body: @Sendable () async throws -> Void) async throws {
        try await pool.withConnection { connection in
            _ = try connection.query("BEGIN; " + sql)
            try await body()
            _ = try connection.query("ROLLBACK")
        }
    }

    func value(_ sql: String) async throws -> String? {
        try await query(sql).rows.first?.first ?? nil
    }

    /// Whether no backend of an importer is left; a closed one needs a moment to go.
    func hasNoImporters(named name: String = "pgsluice") async throws -> Bool {
        for _ in 0..<100 {
            let left = try await value(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(name)'")
            if left == "0" { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }
}

/// Beats every 10 ms on the cooperative threads and notes the longest gap.
final class Heart: Sendable {
    private let state = Mutex((gap: Duration.zero, isStopped: false))

    var longestGap: Duration { state.withLock { $0.gap } }

    func stop() {
        state.withLock { $0.isStopped = true }
    }

    @concurrent
    func beat() async {
        var last = ContinuousClock.now
        while !state.withLock({ $0.isStopped }) {
            try? await Task.sleep(for: .milliseconds(10))
            let now = ContinuousClock.now
            state.withLock { $0.gap = max($0.gap, now - last) }
            last = now
        }
    }
}

enum Process {
    /// The kernel's count of this process's threads.
    static var threadCount: Int {
        guard let folder = opendir("/proc/self/task") else { return 0 }
        defer { closedir(folder) }
        var count = -2  // Not `.` and `..`.
        while readdir(folder) != nil { count += 1 }
        return count
    }
}

extension ImportCounts {
    var addsUp: Bool {
        recordsRead == rowsLoaded + rowsRejected + rowsSkipped + recordsUnloaded
    }
}
