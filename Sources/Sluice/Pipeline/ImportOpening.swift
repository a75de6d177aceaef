import Logging
import SluiceCodec
import SluiceCore
import SluicePostgres
import SluiceSource

/// What an import has before its first record is read: its books and its reject files.
struct ImportOpening: Sendable {
    let job: ImportJob
    let target: Target
    let pool: ConnectionPool
    let totals: Totals

    private var configuration: ImportConfiguration { job.configuration }
    private var load: LoadOptions { configuration.load }

    /// An import that is ready to be read.
    struct Opened: Sendable {
        let context: LoadContext
        /// For each input the batches that an earlier run has loaded.
        let done: [[LedgerBatch]]
        /// An earlier run has come to its end.
        let isFinished: Bool

        /// Files are known by their ends; what a stream brings must be read, to be compared.
        var hasNothingToRead: Bool {
            isFinished
                && context.ledger?.ledger.identity.sources.allSatisfy { $0.size != nil } == true
        }
    }

    func open() async throws -> Opened {
        let staging = try await staging()
        let files = try rejectFiles()
        if load.resume { try files?.lock() }
        var state: LedgerState?
        let ledger = try await takeOver(&state)
        let done = state?.done ?? job.source.inputs.map { _ in [] }
        let isFinished = state?.isFinished ?? false
        let judged = done.joined().reduce(into: ImportCounts()) { $0.add($1.counts) }
        if !isFinished { try open(files, done) }
        let context = LoadContext(
            target: target, errors: configuration.errors, lockTimeout: load.lockTimeout,
            rejects: files,
            limits: RejectLimits(
                configuration.errors, dialect: configuration.csv.dialect,
                records: judged.recordsRead, rejects: judged.rowsRejected),
            ledger: ledger.map { OwnedLedger($0, epoch: state?.epoch) },
            staging: staging, server: ServerWatch(), totals: totals, logger: job.logger)
        return Opened(context: context, done: done, isFinished: isFinished)
    }

    // MARK: Staging

    private func staging() async throws -> Staging? {
        guard load.atomic, !load.dryRun else { return nil }
        guard !target.hasInsertRules else {
            throw Failure(
                .data, "\(target.sql) has rules for INSERT, by which --atomic would be led astray",
                advice: "load without --atomic: COPY follows no rules")
        }
        let staging = Staging(target: target)
        try await pool.retrying(configuration.errors.retryTimeout) { [logger = job.logger] in
            try staging.tellLeftOvers(logger, on: $0)
        }
        return staging
    }

    // MARK: Ledger

    /// - Parameter state: what an earlier run has left; nil: this is the first.
    private func takeOver(_ state: inout LedgerState?) async throws -> Ledger? {
        guard load.resume, !load.dryRun else { return nil }
        guard !target.isUnlogged else {
            throw Failure(
                .data,
                "\(target.sql) is unlogged: a crash of the server would empty it, "
                    + "and the ledger would not know", advice: "ALTER TABLE … SET LOGGED first")
        }
        let ledger = Ledger(identity: try identity())
        state = try await pool.retrying(configuration.errors.retryTimeout) { connection in
            try Ledger.install(on: connection)
            return try ledger.takeOver(on: connection)
        }
        totals.named(ledger.id)
        job.logger.info("import \(ledger.id) \(state == nil ? "begins" : "goes on")")
        return ledger
    }

    private func identity() throws -> LedgerIdentity {
        let inputs = job.source.inputs
        let dialect = DialectText.of(configuration.csv, configuration.columns)
        let isNamed = inputs.allSatisfy { if case .file = $0 { true } else { false } }
        guard isNamed || load.importID != nil else {
            throw Failure(
                .usage, "a stream that is to be resumed needs a name: --import-id")
        }
        let id =
            load.importID
            ?? ImportID.default(
                table: target.sql, sources: inputs.map(\.name), dialect: dialect)
        return LedgerIdentity(
            id: id, table: target.sql, dialect: dialect, sources: try inputs.map(source))
    }

    private func source(_ input: ImportSource.Input) throws -> LedgerSource {
        do throws(SourceError) {
            return try LedgerSource(input)
        } catch {
            throw Failure(
                error.kind == .unopenable ? .input : .io, error.description,
                location: SourceLocation(file: input.name))
        }
    }

    // MARK: Rejects

    private func rejectFiles() throws -> RejectFiles? {
        guard configuration.errors.policy == .reject, !load.dryRun else { return nil }
        return try RejectFiles(
            configuration.errors.rejects, inputs: job.source.inputs,
            areHandedOver: job.rejectHandler != nil)
    }

    private func open(_ files: RejectFiles?, _ done: [[LedgerBatch]]) throws {
        let ranges = done.map { $0.filter { $0.counts.rowsRejected > 0 }.map(\.range) }
        if configuration.errors.overwritesRejects {
            try files?.checkReplaced(job.source.inputs)
        }
        try files?.open(
            overwrites: configuration.errors.overwritesRejects,
            continuing: load.resume ? ranges : nil)
    }
}
