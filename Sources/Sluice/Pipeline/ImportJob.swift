import Glibc
import Logging
import SluiceCodec
import SluiceCore
import SluicePostgres

/// One run of an import: opens what it needs, owns all tasks, ends everything, and reports.
struct ImportJob: Sendable {
    let configuration: ImportConfiguration
    let source: ImportSource
    let table: TableName
    let progress: ImportProgress?
    let rejectHandler: RejectHandler?
    let logger: Logger

    private var load: LoadOptions { configuration.load }

    func run() async throws(ImportError) -> ImportReport {
        let start = ReportStart()
        noteClientEncoding()
        let totals = Totals(inputs: source.inputs.map { ($0.name, $0.size) })
        let causes = Causes()
        var tableName = table.description
        do {
            try await causes.recording {
                try await perform(totals, causes, start) { tableName = $0.sql }
            }
        } catch {
            // Kept in `causes`.
        }
        return try outcome(totals, causes, start, tableName: tableName)
    }

    private func perform(
        _ totals: Totals, _ causes: Causes, _ start: ReportStart,
        resolved: (Target) -> Void
    ) async throws {
        if let problem = configuration.problem ?? configuration.problem(with: source) {
            throw problem
        }
        let thread = try ownThread()
        let pool = ConnectionPool(
            ConnectionParameters(configuration.connection), maximum: load.jobs ?? Self.jobsMax,
            stallTimeout: load.stallTimeout == .zero ? nil : load.stallTimeout,
            onNotice: { [logger] in logger.info("\($0.severity ?? "NOTICE"): \($0.message)") })
        var staging: Staging?
        do {
            let (target, jobs) = try await prepare(pool)
            resolved(target)
            let opened = try await ImportOpening(
                job: self, target: target, pool: pool, totals: totals
            ).open()
            staging = opened.context.staging
            try await ImportEnding(
                context: opened.context, pool: pool, rejectHandler: rejectHandler,
                isDryRun: load.dryRun
            ).after(opened) {
                let pipeline = try Pipeline(
                    job: self, opened: opened, jobs: jobs, pool: pool, thread: thread,
                    causes: causes, start: start)
                try await pipeline.run()
            }
        } catch {
            await end(pool, thread)
            await staging?.dropLeft(pool, logger)
            throw error
        }
        await end(pool, thread)
    }

    private func ownThread() throws(Failure) -> OwnThread {
        do {
            return try OwnThread(name: "source")
        } catch {
            throw Failure(.fault, "no thread for the source: \(error)")
        }
    }

    private func end(_ pool: ConnectionPool, _ thread: OwnThread) async {
        await pool.close()
        await thread.stop()
    }

    // MARK: Preparation

    private func noteClientEncoding() {
        guard let encoding = getenv("PGCLIENTENCODING").map({ String(cString: $0) }),
            !["UTF8", "UTF-8"].contains(encoding.uppercased())
        else { return }
        logger.notice("PGCLIENTENCODING (\(encoding)) is not heeded: files are read as UTF-8")
    }

    /// What one connection is asked before anything is read.
    private func prepare(_ pool: ConnectionPool) async throws -> (Target, jobs: Int) {
        try await pool.retrying(
            configuration.errors.retryTimeout, if: { $0.isNotYet }
        ) { connection in
            guard load.dryRun || !connection.isInRecovery else {
                throw Failure(
                    .server, "the server is a standby, which can't be written to",
                    advice: "name the primary; with several hosts it is found")
            }
            let target = try Catalog.target(table, on: connection)
            if load.singleTransaction { return (target, 1) }
            if target.referencesItself, !load.atomic {
                logger.info("\(target.sql) references itself: one connection, one transaction")
                return (target, 1)
            }
            if let jobs = load.jobs { return (target, jobs) }
            // A single batch is for a single worker.
            if isSmall { return (target, 1) }
            let free = try Catalog.freeConnections(on: connection)
            return (target, max(1, min(Self.jobsMax, processors, free / 4)))
        }
    }

    private var isSmall: Bool { source.size.map { $0 < 1 << 20 } ?? false }

    /// More connections than this are opened only on demand.
    private static let jobsMax = 4

    private var processors: Int { max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    // MARK: End

    private func outcome(
        _ totals: Totals, _ causes: Causes, _ start: ReportStart, tableName: String
    ) throws(ImportError) -> ImportReport {
        let state = totals.snapshot()
        var failure = causes.earliest ?? (Task.isCancelled ? .cancelled : nil)
        if failure == nil { failure = Self.check(state, isDryRun: load.dryRun) }
        let report = ImportReport(
            state, start, table: tableName, isDryRun: load.dryRun, failure: failure)
        guard let failure else { return report }
        throw ImportError(failure, report: report, isTruncated: state.isTruncated)
    }

    /// Promise 2, checked where it is made.
    private static func check(_ state: Totals.State, isDryRun: Bool) -> Failure? {
        let counts = state.counts
        guard counts.addUp, state.files.allSatisfy(\.counts.addUp) else {
            return Failure(.fault, "the records do not add up: \(counts)")
        }
        if isDryRun, counts.recordsMalformed > 1 {
            var first = state.firstMalformed
            first?.message += " (the first of \(counts.recordsMalformed) malformed records)"
            return first
        }
        if isDryRun, counts.recordsMalformed == 1 { return state.firstMalformed }
        guard state.files.allSatisfy(\.isComplete) else {
            return Failure(.fault, "the input was not read to its end")
        }
        guard isDryRun || counts.recordsUnloaded == 0 else {
            return Failure(.fault, "\(counts.recordsUnloaded) records were read and not loaded")
        }
        return nil
    }
}

extension ConnectionParameters {
    init(_ options: ConnectionOptions) {
        self.init(
            dbname: options.database, host: options.host, port: options.port, user: options.user)
    }
}
