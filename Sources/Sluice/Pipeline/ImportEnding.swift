import Logging
import SluicePostgres

/// What is done when all records are read and loaded, or when that has failed.
struct ImportEnding: Sendable {
    let context: LoadContext
    let pool: ConnectionPool
    let rejectHandler: RejectHandler?
    let isDryRun: Bool

    func after(
        _ opened: ImportOpening.Opened, _ load: () async throws -> Void
    ) async throws {
        if opened.isFinished { tell() }
        if opened.hasNothingToRead { return takeOver(opened) }
        do {
            try await load()
        } catch {
            await leaveRejects()
            throw error
        }
        guard !opened.isFinished else { return tidyLeftOver() }
        try context.rejects?.merge()
        // Before the import is finished: what fails here is done again by the run that resumes it.
        do {
            try await handOverRejects()
        } catch {
            keepRejects()
            throw error
        }
        try await finishLedger()
        if let rejects = context.rejects { context.totals.kept(rejects: rejects.tidy()) }
    }

    private func tell() {
        context.logger.notice(
            """
            import \(context.ledger?.ledger.id ?? "") was finished before, so nothing is loaded; \
            pgsluice status --forget lets it begin anew
            """)
    }

    /// The counts of an import are those of all its runs.
    private func takeOver(_ opened: ImportOpening.Opened) {
        for (file, batches) in opened.done.enumerated() {
            let name = context.ledger?.ledger.identity.sources[file].path ?? ""
            for batch in batches { context.totals.resumed(batch, name: name) }
            context.totals.completed(file: file)
        }
        tidyLeftOver()
    }

    private func tidyLeftOver() {
        if let rejects = context.rejects { context.totals.kept(rejects: rejects.tidyLeftOver()) }
    }

    private func leaveRejects() async {
        guard let rejects = context.rejects else { return }
        if let staging = context.staging, !staging.isMoved { return rejects.drop() }
        guard context.ledger == nil else { return keepRejects() }
        do throws(Failure) {
            try rejects.merge()
        } catch {
            return context.logger.error("the rejects are left in parts: \(error.message)")
        }
        do {
            try await handOverRejects()
        } catch {
            context.logger.error("not all rejects were handed over: \(error)")
        }
        keepRejects()
    }

    /// With a ledger they are left as they are, for the run that goes on.
    private func keepRejects() {
        guard let rejects = context.rejects else { return }
        context.totals.kept(rejects: context.ledger == nil ? rejects.tidy() : rejects.leave())
    }

    private func handOverRejects() async throws {
        guard let rejectHandler else { return }
        try await context.rejects?.handOver(to: rejectHandler)
    }

    private func finishLedger() async throws {
        guard let ledger = context.ledger, !isDryRun else { return }
        let sources = context.totals.snapshot().files.map { file in
            let body = file.body ?? 0..<0
            return (
                bodyStart: body.lowerBound, bodyEnd: body.upperBound,
                records: file.counts.recordsRead
            )
        }
        try await pool.retrying(context.errors.retryTimeout) { connection in
            try ledger.ledger.finish(epoch: ledger.epoch, sources: sources, on: connection)
        }
    }
}
