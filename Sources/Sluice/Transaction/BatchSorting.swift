import Logging
import SluiceCodec
import SluicePostgres

/// Loads all records of a batch that can be, in the transaction that is open: whole if the server
/// takes it, else in pieces, and record by record where it refuses one.
///
/// No record is rejected but by the server's word, given on this record alone, after all records
/// before it.
struct BatchSorting {
    let batch: Batch
    let context: LoadContext
    let session: SessionTime

    private var rows = LoadedRows()
    /// COPY was refused so often: where refusals are many, each costs more than sorting at once.
    private var refusals = 0
    private var sorter: RecordSorter

    private static let refusalsMax = 12
    /// Once a piece was refused, those that follow are as long as this part of the batch.
    private static let pieces = 16
    private static let leastPiece = 256
    /// What is sorted around a record that COPY names.
    private static let window = 64

    private var sender: BatchSender { BatchSender(batch: batch) }

    init(batch: Batch, context: LoadContext, session: SessionTime) {
        self.batch = batch
        self.context = context
        self.session = session
        sorter = RecordSorter(batch: batch, target: context.target)
    }

    mutating func run(
        _ sink: inout RejectSink, _ lanes: LaneChoice, on connection: isolated Connection
    ) throws -> LoadedRows {
        let all = 0..<batch.recordCount
        let inBinary = lanes.usesBinary(for: batch)
        switch lanes.sorting {
        case .atOnce: try sort(all, &sink, on: connection)
        case .foreseeing where inBinary:
            if try !loadForeseeing(&sink, on: connection) {
                try sort(all, &sink, on: connection)
            }
        case .foreseeing, .whenRefused:
            try load(all, &sink, inBinary: inBinary, on: connection)
        }
        try sorter.end(on: connection)
        return rows
    }

    /// Piece by piece, as long as COPY is refused seldom.
    private mutating func load(
        _ all: Range<Int>, _ sink: inout RejectSink, inBinary: Bool,
        on connection: isolated Connection
    ) throws {
        var start = all.lowerBound
        while start < all.upperBound {
            let rest = start..<all.upperBound
            guard refusals < Self.refusalsMax else {
                return try sort(rest, &sink, on: connection)
            }
            let piece = refusals == 0 ? rest : rest.prefix(pieceLength)
            switch try copy(piece, &sink, inBinary: inBinary, on: connection) {
            case .loaded:
                start = piece.upperBound
            case .refused(at: let record):
                refusals += 1
                if refusals == 1, inBinary, try loadForeseeing(&sink, on: connection) { return }
                start = try load(
                    piece, around: record, &sink, inBinary: inBinary, on: connection)
            }
        }
    }

    /// All that the table's rules will take, it seems, in one COPY; then the others one by one.
    ///
    /// - Returns: false: the server refused what was to go in one; nothing is loaded.
    private mutating func loadForeseeing(
        _ sink: inout RejectSink, on connection: isolated Connection
    ) throws -> Bool {
        var search = SuspectSearch(batch: batch, target: context.target, session: session)
        // When another session's key was in the way, it is seen the second time.
        for _ in 1...2 {
            guard let found = try search.run(on: connection) else { return false }
            if try load(allBut: found, &sink, on: connection) { return true }
        }
        return false
    }

    private mutating func load(
        allBut found: SuspectSearch.Found, _ sink: inout RejectSink,
        on connection: isolated Connection
    ) throws -> Bool {
        let suspects = Set(found.suspects)
        let others = (0..<UInt32(batch.recordCount)).filter { !suspects.contains($0) }
        var unsure: [UInt32] = []
        do {
            _ = try connection.beginCopy("\(Self.open); \(batch.plan.copyBinary)")
            try others.map { batch.records[Int($0)] }.withUnsafeBufferPointer { bounds in
                try sender.sendBinary(
                    bounds, session, layout: found.layout, unsure: &unsure, on: connection)
            }
            let count = try connection.finishCopy()
            unsure = unsure.map { others[Int($0)] }
            try loadLate(
                (unsure + found.suspects).sorted(), unsure: Set(unsure), &sink, on: connection)
            rows.inBinary += count
            rows.unsure += unsure.count
            rows.suspects += found.suspects.count
            _ = try connection.query(Self.release)
            sorter.released()
            return true
        } catch let error as PostgresError {
            _ = try refusal(error, 0..<batch.recordCount, [], on: connection)
            return false
        }
    }

    private var pieceLength: Int { max(Self.leastPiece, batch.recordCount / Self.pieces) }

    /// A piece that was refused.
    ///
    /// - Parameter record: the one that the server names: a hint.
    /// - Returns: how far it came.
    private mutating func load(
        _ piece: Range<Int>, around record: Int?, _ sink: inout RejectSink, inBinary: Bool,
        on connection: isolated Connection
    ) throws -> Int {
        guard let record else {
            // Long ones are cut before they are sorted.
            guard piece.count <= pieceLength else { return piece.lowerBound }
            try sort(piece, &sink, on: connection)
            return piece.upperBound
        }
        // Those before it would be sent a third time if they were not cut.
        guard record - piece.lowerBound <= pieceLength else { return piece.lowerBound }
        let before = piece.lowerBound..<record
        if !before.isEmpty,
            case .refused = try copy(before, &sink, inBinary: inBinary, on: connection)
        {
            try sort(before, &sink, on: connection)
        }
        let window = record..<min(record + Self.window, piece.upperBound)
        try sort(window, &sink, on: connection)
        return window.upperBound
    }

    // MARK: COPY

    private enum Answer {
        case loaded
        /// nothing of the piece is in the table.
        ///
        /// - Parameter at: the record that the server names: a hint.
        case refused(at: Int?)
    }

    /// Puts a piece into the table, but for records that the encoder is not sure of and that the
    /// server then refuses.
    private mutating func copy(
        _ piece: Range<Int>, _ sink: inout RejectSink, inBinary: Bool,
        on connection: isolated Connection
    ) throws -> Answer {
        guard !piece.isEmpty else { return .loaded }
        var unsure: [UInt32] = []
        do {
            if inBinary {
                _ = try connection.beginCopy("\(Self.open); \(batch.plan.copyBinary)")
                try sender.sendBinary(
                    records(piece), session, unsure: &unsure, on: connection)
                let count = try connection.finishCopy()
                let late = unsure.map { $0 + UInt32(piece.lowerBound) }
                try loadLate(late, unsure: Set(late), &sink, on: connection)
                rows.inBinary += count
                rows.unsure += late.count
            } else {
                _ = try connection.beginCopy("\(Self.open); \(batch.plan.copyText)")
                try sender.sendText(records(piece), on: connection)
                rows.inText += try connection.finishCopy()
            }
            _ = try connection.query(Self.release)
            sorter.released()
            return .loaded
        } catch let error as PostgresError {
            return try refusal(error, piece, unsure, on: connection)
        }
    }

    private func records(_ piece: Range<Int>) -> UnsafeBufferPointer<RecordBounds> {
        UnsafeBufferPointer(rebasing: batch.records[piece])
    }

    /// One by one, behind all others of the piece.
    ///
    /// - Parameter unsure: those whose values the server has not been asked about: one behind them
    ///   may have taken their key.
    /// - Throws: `falseAlarm` when it matters that they do not stand where they should.
    private mutating func loadLate(
        _ records: [UInt32], unsure: Set<UInt32>, _ sink: inout RejectSink,
        on connection: isolated Connection
    ) throws {
        guard !records.isEmpty else { return }
        let sorted = try sorter.sort(records, on: connection)
        guard sorted.keyConflicts.isDisjoint(with: unsure) else { throw PostgresError.falseAlarm }
        rows.inText += sorted.loaded
        try sorter.takeRejects(into: &sink, on: connection)
    }

    private mutating func refusal(
        _ error: PostgresError, _ piece: Range<Int>, _ unsure: [UInt32],
        on connection: isolated Connection
    ) throws -> Answer {
        var hint: Int?
        switch error {
        case .falseAlarm:
            break
        case .server(let diagnostics) where diagnostics.isAboutData(in: batch.plan):
            hint = record(named: diagnostics, in: piece, unsure)
            context.logger.debug("refused, to be sorted: \(diagnostics.message)")
        default:
            throw error
        }
        _ = try connection.query(Self.undo)
        sorter.rolledBack()
        return .refused(at: hint)
    }

    /// The record that COPY's CONTEXT means, which counts those that were sent.
    private func record(
        named diagnostics: ServerDiagnostics, in piece: Range<Int>, _ unsure: [UInt32]
    ) -> Int? {
        guard
            let hint = CopyContext(
                diagnostics, relation: batch.plan.relation, columns: batch.plan.columns)
        else { return nil }
        var place = hint.line - 1
        for left in unsure where Int(left) <= place { place += 1 }
        return place < piece.count ? piece.lowerBound + place : nil
    }

    // MARK: Record by record

    private mutating func sort(
        _ piece: Range<Int>, _ sink: inout RejectSink, on connection: isolated Connection
    ) throws {
        guard !piece.isEmpty else { return }
        rows.wasSorted = rows.wasSorted || piece.count * 2 > batch.recordCount
        let sorted = try sorter.sort(piece.map { UInt32($0) }, on: connection)
        sorter.released()
        rows.inText += sorted.loaded
        try sorter.takeRejects(into: &sink, on: connection)
    }

    // MARK: Statements

    /// Deferred constraints would be found out by COMMIT, with no record to blame.
    static let constraintsStatement = "SET CONSTRAINTS ALL IMMEDIATE"

    private static let open = "SAVEPOINT pgsluice_piece"
    private static let release = "RELEASE SAVEPOINT pgsluice_piece"
    private static let undo = "ROLLBACK TO SAVEPOINT pgsluice_piece; \(release)"
}
