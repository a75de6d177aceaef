import SluiceCodec
import SluicePostgres

/// Finds the records that the server refuses by COPY in savepoints: for tables that a loop in the
/// server can't write to as COPY does, and where it may not run.
struct SavepointSearch {
    private let batch: Batch
    private(set) var refused: [RefusedRecord] = []
    private var loaded = 0
    private var released = 0

    /// More subtransactions than about this in one transaction slow all other sessions.
    private static let releasedMax = 50
    private static let run = 64

    init(batch: Batch) {
        self.batch = batch
    }

    /// - Parameter records: their indices in the batch, in order.
    mutating func run(
        _ records: [UInt32], on connection: isolated Connection
    ) throws -> RecordSorter.Sorted {
        _ = try connection.query("SAVEPOINT pgsluice_search")
        try search(records[...], on: connection)
        if released > Self.releasedMax { try loadAtOnce(records, on: connection) }
        _ = try connection.query("RELEASE SAVEPOINT pgsluice_search")
        let conflicts = refused.filter { ["23505", "23P01"].contains($0.sqlState.code) }
        return RecordSorter.Sorted(
            loaded: loaded, keyConflicts: Set(conflicts.map { UInt32($0.index) }))
    }

    private mutating func search(
        _ records: ArraySlice<UInt32>, on connection: isolated Connection
    ) throws {
        var rest = records
        var size = Self.run
        while !rest.isEmpty {
            let tried = rest.prefix(size)
            guard let refusal = try copy(tried, on: connection) else {
                rest = rest.dropFirst(tried.count)
                size = Self.run
                continue
            }
            if tried.count == 1 {
                refused.append(RefusedRecord(index: Int(tried.first!), refusal, batch))
                rest = rest.dropFirst()
                size = Self.run
            } else {
                let place = CopyContext(
                    refusal, relation: batch.plan.relation, columns: batch.plan.columns)?.line
                size = place.map { max(1, min($0 - 1, tried.count - 1)) } ?? tried.count / 2
            }
        }
    }

    /// - Returns: why the server refused; nil: it did not.
    private mutating func copy(
        _ records: ArraySlice<UInt32>, on connection: isolated Connection
    ) throws -> ServerDiagnostics? {
        do {
            _ = try connection.beginCopy("SAVEPOINT pgsluice_try; \(batch.plan.copyText)")
            try send(records, on: connection)
            loaded += try connection.finishCopy()
            _ = try connection.query("RELEASE SAVEPOINT pgsluice_try")
            released += 1
            return nil
        } catch PostgresError.falseAlarm {
            try undo(on: connection)
            return try copy(records, on: connection)
        } catch PostgresError.server(let diagnostics) where refusesRecord(diagnostics) {
            try undo(on: connection)
            return diagnostics
        }
    }

    /// A domain's check may run statements of its own, which are no value's fault.
    private func refusesRecord(_ diagnostics: ServerDiagnostics) -> Bool {
        if diagnostics.sqlState.isAboutData { return true }
        let column = CopyContext(
            diagnostics, relation: batch.plan.relation, columns: batch.plan.columns)?.column
        return diagnostics.isAboutData(in: batch.plan) && !batch.plan.isOfDomain(column)
    }

    private func undo(on connection: isolated Connection) throws {
        _ = try connection.query(
            "ROLLBACK TO SAVEPOINT pgsluice_try; RELEASE SAVEPOINT pgsluice_try")
    }

    private func send(
        _ records: ArraySlice<UInt32>, on connection: isolated Connection
    ) throws {
        let bounds = records.map { batch.records[Int($0)] }
        try bounds.withUnsafeBufferPointer { bounds in
            try BatchSender(batch: batch).sendText(bounds, on: connection)
        }
    }

    /// The good ones once more, in one COPY, and the many subtransactions are gone.
    private mutating func loadAtOnce(
        _ records: [UInt32], on connection: isolated Connection
    ) throws {
        _ = try connection.query("ROLLBACK TO SAVEPOINT pgsluice_search")
        let bad = Set(refused.map { UInt32($0.index) })
        let good = records.filter { !bad.contains($0) }
        loaded = 0
        guard !good.isEmpty else { return }
        // The server has taken them all before.
        _ = try connection.beginCopy(batch.plan.copyText, endsEarly: false)
        try send(good[...], on: connection)
        loaded = try connection.finishCopy()
    }
}

extension RefusedRecord {
    fileprivate init(index: Int, _ diagnostics: ServerDiagnostics, _ batch: Batch) {
        let hint = CopyContext(
            diagnostics, relation: batch.plan.relation, columns: batch.plan.columns)
        self.init(
            index: index, sqlState: diagnostics.sqlState, message: diagnostics.message,
            detail: diagnostics.detail, column: diagnostics.columnName ?? hint?.column,
            constraint: diagnostics.constraintName)
    }
}
