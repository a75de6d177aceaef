import SluicePostgres
import Synchronization

/// The staging tables of an import that is all or nothing, and what is in them.
final class Staging: Sendable {
    let target: Target
    /// Tells the run's tables from those of all others.
    private let id: String
    private let state = Mutex(State())

    private struct State {
        var files: [Int: StagedFile] = [:]
        var isMoved = false
    }

    init(target: Target) {
        self.target = target
        let digits = String(UInt32.random(in: 0 ... .max), radix: 16)
        id = String(repeating: "0", count: 8 - digits.count) + digits
    }

    func table(ofFile file: Int) -> StagingTable {
        StagingTable(id: id, file: file, target: target)
    }

    /// In the order of the input; without those of which no batch was read.
    var files: [StagedFile] {
        state.withLock { $0.files.values.sorted { $0.file < $1.file } }
    }

    /// Tables that may be there, and are to be dropped.
    var leftTables: [StagingTable] {
        state.withLock { $0.isMoved ? [] : $0.files.keys.sorted() }.map(table(ofFile:))
    }

    /// The reader has sealed a batch; its file's table is made before it is handed over.
    func prepare(
        for batch: Batch, _ pool: ConnectionPool, retryTimeout: Duration
    ) async throws {
        let isFirst = state.withLock { state in
            defer { state.files[batch.file, default: StagedFile(batch)].checkpoints.add(batch) }
            return state.files[batch.file] == nil
        }
        guard isFirst else { return }
        let table = table(ofFile: batch.file)
        let create = table.create(batch.plan.definitions.joined(separator: ", "), for: target)
        try await pool.retrying(retryTimeout) { connection in
            _ = try connection.query(create)
            let columns = try connection.query(table.compressed).rows.compactMap { $0[0] }
            if !columns.isEmpty { _ = try connection.query(table.uncompress(columns)) }
        }
    }

    /// A batch is committed into its staging table.
    func stored(_ loaded: LoadedBatch) {
        state.withLock { $0.files[loaded.batches.file]?.add(loaded) }
    }

    var isMoved: Bool { state.withLock { $0.isMoved } }

    /// All rows are in the target, and the tables are gone.
    func moved() {
        state.withLock { $0.isMoved = true }
    }
}

/// What the batches of a file have left in its staging table.
struct StagedFile: Sendable {
    let file: Int
    let plan: FilePlan
    private(set) var range: CommittedRange
    private(set) var rows = LoadedRows()
    private(set) var rejects = 0
    private(set) var records = 0
    private(set) var batches = 0
    var checkpoints = Checkpoints()

    init(_ first: Batch) {
        file = first.file
        plan = first.plan
        range = CommittedBatches(first).range
    }

    /// How many rows are in the table, if the server has lost none.
    var rowCount: Int { rows.inBinary + rows.inText }

    mutating func add(_ loaded: LoadedBatch) {
        rows += loaded.rows
        rejects += loaded.rejects.total
        records += loaded.batches.records
        batches += 1
        let last = loaded.batches.range
        if last.endByte > range.endByte {
            (range.endByte, range.lastLine) = (last.endByte, last.lastLine)
        }
    }
}
