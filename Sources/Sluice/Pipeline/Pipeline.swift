import SluiceCodec
import SluiceCore
import SluicePostgres

/// The tasks of an import: one reader, the workers, and a ticker for the progress.
struct Pipeline: Sendable {
    private let reader: SourceReader
    private let ring: Ring
    private let slots: [Slot]
    private let stallTimeout: Duration
    private let jobs: Int
    private let pool: ConnectionPool
    private let context: LoadContext
    private let copiesWhole: Bool
    private let truncation: Truncation?
    private let causes: Causes
    private let isDryRun: Bool
    private let progress: ImportProgress?
    private let start: ReportStart

    /// - Throws: `Errno` when there is no memory for the slots.
    init(
        job: ImportJob, opened: ImportOpening.Opened, jobs: Int, pool: ConnectionPool,
        thread: OwnThread, causes: Causes, start: ReportStart
    ) throws {
        let load = job.configuration.load
        // Each worker has one, and one is being filled. A single worker finds the next one full.
        let slotCount = max(3, jobs + 1)
        let length = BatchLength(load.batchBytes, slots: slotCount, workers: jobs)
        let isLong = job.source.size.map { $0 >= length.usual.bytes } ?? true
        let slots = try (0..<slotCount).map { _ in
            try Slot(
                batchBytes: length.usual,
                maxRecordBytes: job.configuration.csv.dialect.maxRecordBytes,
                isToBeFilled: isLong)
        }
        self.slots = slots
        stallTimeout = load.stallTimeout
        ring = Ring(slots: slots)
        self.jobs = jobs
        self.pool = pool
        let context = opened.context
        self.context = context
        self.causes = causes
        isDryRun = load.dryRun
        progress = job.progress
        self.start = start
        copiesWhole =
            load.singleTransaction || context.target.referencesItself && context.staging == nil
        let start = ImportStart(
            context: context, pool: pool, truncates: load.truncate && !load.dryRun,
            truncatesWithRows: load.singleTransaction || load.atomic)
        truncation = start.truncation
        reader = SourceReader(
            inputs: job.source.inputs,
            mapping: ColumnMapping(
                target: context.target, options: job.configuration.columns,
                csv: job.configuration.csv),
            ring: ring, totals: context.totals, thread: thread, batchLength: length,
            usesBinaryLane: load.usesBinaryLane,
            recovers: load.dryRun || context.rejectsRecords, staging: context.staging,
            rejects: context.rejects,
            done: opened.done, isFinished: opened.isFinished, verifiesSource: load.verifySource,
            logger: job.logger,
            beforeFirstBatch: { try await start.run($0) },
            beforeBatch: {
                try await context.staging?.prepare(
                    for: $0, pool, retryTimeout: context.errors.retryTimeout)
            })
    }

    func run() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask(executorPreference: reader.thread) {
                try await causes.recording { try await read() }
            }
            for _ in 0..<jobs {
                group.addTask { try await causes.recording { try await work() } }
            }
            if let progress { group.addTask { try await tick(progress) } }
            // The ticker never ends by itself.
            for _ in 0...jobs { try await group.next() }
            if let staging = context.staging {
                try await causes.recording { try await move(staging) }
            }
            group.cancelAll()
        }
    }

    /// Wakes the source's thread when the task is cancelled: it may wait for input for ever.
    private func read() async throws {
        try await withTaskCancellationHandler {
            try await reader.readHeaders()
            try await reader.run()
        } onCancel: {
            reader.thread.wake()
        }
    }

    private func work() async throws {
        if isDryRun {
            for await batch in ring.loaded {
                if let record = batch.malformed.first {
                    context.totals.found(batch.failure(of: record))
                }
                ring.recycle(batch.slot, holdsLongPermit: batch.holdsLongPermit)
            }
            try Task.checkCancellation()
        } else {
            try await copy()
        }
    }

    private func copy() async throws {
        let once = truncation?.statements ?? []
        if copiesWhole, context.target.referencesItself, !context.rejectsRecords {
            try await WholeCopyWorker(ring: ring, pool: pool, context: context, once: once).run()
        } else if copiesWhole {
            try await SingleTransactionWorker(
                ring: ring, pool: pool, context: context, once: once
            ).run()
        } else {
            try await CopyWorker(ring: ring, pool: pool, context: context).run()
        }
    }

    private func move(_ staging: Staging) async throws {
        // Else there was no batch.
        guard !staging.files.isEmpty else { return }
        var trial = MoveTrial(
            Move(
                context: context, staging: staging, truncation: truncation,
                rereading: Rereading(reader: reader, slots: slots),
                watch: MoveWatch(pool: pool, interval: stallTimeout)), pool: pool)
        let moved = try await trial.run()
        staging.moved()
        for file in moved.files {
            if file.rejects > 0 { context.rejects?.keepLatePart(ofFile: file.staged.file) }
            context.totals.moved(file)
        }
    }

    // MARK: Progress

    private static let tickInterval = Duration.milliseconds(100)

    private func tick(_ progress: ImportProgress) async throws {
        while !Task.isCancelled {
            progress.continuation.yield(snapshot())
            try? await Task.sleep(for: Self.tickInterval)
        }
        progress.continuation.yield(snapshot())
    }

    private func snapshot() -> ImportSnapshot {
        let state = context.totals.snapshot()
        let counts = state.counts
        return ImportSnapshot(
            elapsed: start.elapsed, bytesRead: counts.bytesRead, bytesTotal: state.bytesTotal,
            bytesLoaded: state.bytesLoaded, recordsRead: counts.recordsRead,
            rowsLoaded: counts.rowsLoaded, rowsRejected: counts.rowsRejected,
            retries: counts.retries)
    }
}
