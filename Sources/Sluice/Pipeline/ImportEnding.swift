import Logging
import SluicePostgres

/// What is done when all records are read and loaded, or when that has failed.
struct ImportEnding: Sendable {
    let context: LoadContext
    let pool: ConnectionPool
    let isDryRun: Bool

    func after(
        _ opened: ImportOpening.Opened, _ load: () async throws -> Void
    ) async throws {
        if opened.isFinished { return tellFinished(opened) }
        do {
            try await load()
        } catch {
            leaveRejects()
            throw error
        }
        try context.rejects?.merge()
        try await finishLedger()
        if let rejects = context.rejects { context.totals.kept(rejects: rejects.tidy()) }
    }

    private func tellFinished(_ opened: ImportOpening.Opened) {
        context.logger.notice(
            "import \(context.ledger?.ledger.id ?? "") was finished before; nothing is loaded")
        for (file, batches) in opened.done.enumerated() {
            let name = context.ledger?.ledger.identity.sources[file].path ?? ""
            for batch in batches { context.totals.resumed(batch, name: name) }
            context.totals.completed(file: file)
        }
        if let rejects = context.rejects { context.totals.kept(rejects: rejects.tidyLeftOver()) }
    }

    /// With a ledger they are left as they are, for the run that goes on.
    private func leaveRejects() {
        guard let rejects = context.rejects else { return }
        guard context.ledger == nil else { return context.totals.kept(rejects: rejects.paths) }
        do throws(Failure) {
            try rejects.merge()
            context.totals.kept(rejects: rejects.tidy())
        } catch {
            context.logger.error("the rejects are left in parts: \(error.message)")
        }
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
