import Logging
import Sluice
import SluiceCore
import SluiceTestSupport
import Synchronization
import Testing

/// Cancelled in whatever step, an import that is all or nothing leaves the table as it was.
@Suite(
    "Atomic cancellation", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: PrivateServer.isWanted))
struct AtomicCancellationTests {
    private static let rows = (1...50_000).map { "\($0),note \($0)\n" }.joined()

    private func withTable(_ body: (AtomicTable) async throws -> Void) async throws {
        try await AtomicTable.with("(id int, note text)") { table in
            try await table.server.query("INSERT INTO \(table.name) VALUES (0, 'old')")
            try await body(table)
        }
    }

    private func start(
        _ table: AtomicTable, _ source: ImportSource? = nil, rejects: Bool = false
    ) -> Task<Load, any Error> {
        let source = source ?? .files([table.folder.file("rows.csv", Self.rows)])
        let folder = table.folder.path
        return Task {
            try await table.load(source) {
                $0.csv.hasHeader = false
                $0.load.truncate = true
                $0.load.batchBytes = .kibibytes(16)
                if rejects {
                    $0.errors.policy = .reject
                    $0.errors.rejects = .directory(folder)
                }
            }
        }
    }

    /// Cancels it, and looks at what it leaves.
    private func cancel(_ job: Task<Load, any Error>, _ table: AtomicTable) async throws {
        let start = ContinuousClock.now
        job.cancel()
        let load = try await job.value
        #expect(ContinuousClock.now - start < TestSettings.cancellationLimit)
        #expect(load.code == .cancelled)
        #expect(load.counts.recordsUnloaded == load.counts.recordsRead)
        #expect(load.counts.addsUp)
        #expect(try await table.rows("SELECT * FROM \(table.name)") == "0,old")
        try await table.expectClean()
    }

    private func activity(_ condition: String, _ table: AtomicTable) async throws -> Bool {
        try await becomesTrue(within: .seconds(40)) {
            let count = try await table.server.value(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE application_name = '\(table.schema)' AND \(condition)
                """)
            return count != "0"
        }
    }

    @Test func `at any moment`() async throws {
        var random = SeededRandom(seed: TestSettings.seed)
        try await withTable { table in
            for _ in 0..<15 {
                let job = start(table, rejects: random.oneIn(2))
                try await Task.sleep(for: .microseconds(random.number(in: 0...250_000)))
                job.cancel()
                let load = try await job.value
                let isAll = load.counts.rowsLoaded == 50_000
                #expect(isAll || load.counts.recordsUnloaded == load.counts.recordsRead)
                #expect(load.counts.addsUp)
                #expect(try await table.count() == (isAll ? 50_000 : 1))
                if isAll {
                    try await table.server.query(
                        "TRUNCATE \(table.name); INSERT INTO \(table.name) VALUES (0, 'old')")
                }
                try await table.expectClean()
            }
        }
    }

    @Test func `while it waits for input, with rows staged`() async throws {
        try await withTable { table in
            let (input, feed) = AsyncStream.makeStream(of: [UInt8].self)
            feed.yield(Array(Self.rows.utf8))
            let job = start(table, .bytes(input, name: "slow"))
            let isStaged = try await becomesTrue(within: .seconds(20)) {
                try await table.stagingTables() == 1
            }
            #expect(isStaged)
            try await cancel(job, table)
        }
    }

    @Test(arguments: [false, true])
    func `while rows move`(rejects: Bool) async throws {
        try await withTable { table in
            try await table.addTrigger(
                "BEFORE INSERT",
                "IF NEW.id > 10 THEN PERFORM pg_sleep(60); END IF; RETURN NEW;")
            // Refused, so that rows are sorted when it is cancelled.
            if rejects {
                try await table.server.query(
                    "DELETE FROM \(table.name); ALTER TABLE \(table.name) ADD CHECK (id <> 5);"
                        + "INSERT INTO \(table.name) VALUES (0, 'old')")
            }
            let job = start(table, rejects: rejects)
            let isSlow = try await activity("wait_event = 'PgSleep'", table)
            #expect(isSlow)
            try await cancel(job, table)
        }
    }

    @Test func `while it waits for the table's lock`() async throws {
        try await withTable { table in
            try await Server.with { other in
                try await other.holding("LOCK TABLE \(table.name) IN ACCESS SHARE MODE") {
                    let job = start(table)
                    let isWaiting = try await activity("wait_event_type = 'Lock'", table)
                    #expect(isWaiting)
                    try await cancel(job, table)
                }
            }
        }
    }

    @Test func `a run that was killed is named by the next one`() async throws {
        try await withTable { table in
            let left = "\(table.schema).pgsluice_staging_0123abcd_0"
            try await table.server.query(
                """
                CREATE TABLE \(left) (pgsluice_offset bigint, id int);
                COMMENT ON TABLE \(left) IS
                    'rows on their way into \(table.name), by pgsluice --atomic';
                CREATE TABLE \(table.schema).pgsluice_staging_other (id int)
                """)
            let notes = Notes()
            var configuration = ImportConfiguration()
            configuration.load.atomic = true
            let file = table.folder.file("in.csv", "id,note\n1,a\n")
            _ = try await Importer(configuration, logger: notes.logger)
                .run(.files([file]), into: TableName(table.name))
            #expect(notes.texts.contains { $0.hasSuffix("DROP TABLE \(left)") }, "\(notes.texts)")
            #expect(try await table.stagingTables() == 2)
        }
    }
}

/// What is logged.
private final class Notes: Sendable {
    private let collected = Mutex<[String]>([])

    var texts: [String] { collected.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { [self] _ in Handler(notes: self) }
    }

    private struct Handler: LogHandler {
        let notes: Notes
        var metadata = Logger.Metadata()
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            notes.collected.withLock { $0.append(event.message.description) }
        }
    }
}
