import Logging
import SluiceCodec
import SluicePostgres

/// One try at a batch: a transaction, whole or not at all.
struct BatchLoad {
    let batch: Batch
    let context: LoadContext

    private var start: TransactionStart { TransactionStart(context: context) }
    private var sender: BatchSender { BatchSender(batch: batch) }

    /// How a try went.
    enum Outcome: Sendable {
        case committed(LoadedBatch)
        /// COMMIT was sent: what it did must be found out.
        case uncertain(PostgresError, LoadedBatch)
        /// The server refused it, or was lost before COMMIT.
        ///
        /// - Parameters:
        ///   - mark: of a transaction that may still be open on the server.
        ///   - isInRecovery: the server is a standby.
        case failed(PostgresError, mark: TransactionMark?, isInRecovery: Bool)
    }

    /// - Throws: `PostgresError.cancelled`; `Failure`.
    func run(_ lanes: LaneChoice, on connection: isolated Connection) throws -> Outcome {
        var mark: TransactionMark?
        do {
            let loaded = try load(lanes, &mark, on: connection)
            do throws(PostgresError) {
                try connection.commit()
            } catch .commitUncertain(let error) {
                return .uncertain(error, loaded)
            } catch {
                context.limits.remove(loaded.rejects, of: batch)
                throw error
            }
            return .committed(loaded)
        } catch {
            connection.rollback()
            guard let error = error as? PostgresError, error != .cancelled else { throw error }
            let isOpen = !connection.isReusable
            let isInRecovery = connection.isInRecovery
            // A standby may not be where the next try finds the server.
            if isInRecovery { connection.abandon() }
            return .failed(error, mark: isOpen ? mark : nil, isInRecovery: isInRecovery)
        }
    }

    private func load(
        _ lanes: LaneChoice, _ mark: inout TransactionMark?, on connection: isolated Connection
    ) throws -> LoadedBatch {
        var rejects = BatchRejects()
        let rows: LoadedRows
        if let files = context.rejects {
            var sink = RejectSink(batch, part: try files.part(of: batch))
            rows = try loadSorting(&sink, lanes, &mark, on: connection)
            rejects = try sink.finish()
            try context.limits.add(rejects, of: batch)
        } else {
            rows = try loadAll(lanes, &mark, on: connection)
        }
        guard let mark else { preconditionFailure("a transaction that was not begun") }
        let loaded = LoadedBatch(batch, rows, rejects, mark: mark)
        do {
            if let ledger = context.ledger?.ledger {
                try ledger.insert(loaded.ledgerRow(batch), on: connection)
            }
        } catch {
            context.limits.remove(rejects, of: batch)
            throw error
        }
        return loaded
    }

    // MARK: All or nothing

    /// Values that the server refuses in binary it is given again in text, the whole batch: its
    /// answer to that is the one that counts.
    private func loadAll(
        _ lanes: LaneChoice, _ mark: inout TransactionMark?, on connection: isolated Connection
    ) throws -> LoadedRows {
        guard batch.recordCount > 0 else {
            mark = try start.begin(on: connection).mark
            return LoadedRows()
        }
        if lanes.usesBinary(for: batch) {
            do {
                return try loadInBinary(&mark, on: connection)
            } catch let error as PostgresError where takesAnotherTry(after: error) {
                connection.rollback()
                guard connection.isReusable else { throw error }
                context.logger.debug("sent again in text: \(error)")
            }
        }
        do {
            return try loadInText(&mark, on: connection)
        } catch PostgresError.falseAlarm {
            connection.rollback()
            guard connection.isReusable else { throw PostgresError.falseAlarm }
            // From now on the connection looks for errors at the end only.
            return try loadInText(&mark, on: connection)
        }
    }

    /// Whether what was refused may be sent again, in text.
    private func takesAnotherTry(after error: PostgresError) -> Bool {
        switch error {
        case .falseAlarm: true
        case .server(let diagnostics): diagnostics.isAboutData(in: batch.plan)
        default: false
        }
    }

    private func loadInText(
        _ mark: inout TransactionMark?, on connection: isolated Connection
    ) throws -> LoadedRows {
        mark = try start.begin(copying: batch.plan.copyText, on: connection).mark
        try sender.sendText(batch.records, on: connection)
        return LoadedRows(inText: try connection.finishCopy())
    }

    private func loadInBinary(
        _ mark: inout TransactionMark?, on connection: isolated Connection
    ) throws -> LoadedRows {
        let opening = try start.begin(copying: batch.plan.copyBinary, on: connection)
        mark = opening.mark
        return try sender.finishBinary(opening.session, on: connection)
    }

    // MARK: What can be loaded

    private func loadSorting(
        _ sink: inout RejectSink, _ lanes: LaneChoice, _ mark: inout TransactionMark?,
        on connection: isolated Connection
    ) throws -> LoadedRows {
        let opening = try TransactionStart(
            context: context, statements: [BatchSorting.constraintsStatement]
        ).begin(on: connection)
        mark = opening.mark
        var sorting = BatchSorting(batch: batch, context: context, session: opening.session)
        return try sorting.run(&sink, lanes, on: connection)
    }
}

/// A batch in the table, or so it will be once it is committed.
struct LoadedBatch: Sendable {
    let batches: CommittedBatches
    let rows: LoadedRows
    let rejects: BatchRejects
    let mark: TransactionMark

    init(_ batch: Batch, _ rows: LoadedRows, _ rejects: BatchRejects, mark: TransactionMark) {
        batches = CommittedBatches(batch)
        self.rows = rows
        self.rejects = rejects
        self.mark = mark
    }

    func ledgerRow(_ batch: Batch) -> LedgerBatch {
        var counts = ImportCounts()
        counts.recordsRead = batch.allRecords
        counts.rowsLoaded = rows.inBinary + rows.inText
        counts.rowsRejected = rejects.total
        counts.rowsSkipped = counts.recordsRead - counts.rowsLoaded - counts.rowsRejected
        counts.recordsRecovered = batch.recovered
        counts.linesPassed = batch.linesPassed
        counts.recordsMalformed = batch.malformed.count
        counts.rowsInBinary = rows.inBinary
        counts.rowsInText = rows.inText
        return LedgerBatch(
            source: batch.file, range: batch.range, firstRecord: batch.firstRecord,
            records: counts.recordsRead, firstLine: batch.firstLine, lines: batch.lineCount,
            lastLine: batch.lastLine, hash: batch.digest, counts: counts)
    }
}

/// Rows of a batch that the server stored, by the lane they took.
struct LoadedRows: Sendable {
    var inBinary = 0
    var inText = 0
    /// Records that the binary lane left to the other.
    var unsure = 0
    /// Records of which it was foreseen that the server will refuse them.
    var suspects = 0
    /// Most of the batch had to be sorted.
    var wasSorted = false

    static func += (left: inout LoadedRows, right: LoadedRows) {
        left.inBinary += right.inBinary
        left.inText += right.inText
        left.unsure += right.unsure
    }
}
