import SluiceCore
import Synchronization

/// The counts of an import while it runs. One update per batch.
final class Totals: Sendable {
    struct State: Sendable {
        var files: [FileState]
        /// The table's old rows are gone.
        var isTruncated = false
        /// The ledger's name for the import.
        var importID: String?
        /// Of the malformed records that a dry run has met, the first.
        var firstMalformed: Failure?
    }

    struct FileState: Sendable {
        var path: String
        var size: Int?
        var counts = ImportCounts()
        var bytesLoaded = 0
        var isComplete = false
        /// The bytes that batches cover; nil until all are read.
        var body: Range<Int>?
        var committed: [CommittedRange] = []
        /// The file with its rejects.
        var rejects: String?
    }

    private let state: Mutex<State>

    init(inputs: [(path: String, size: Int?)]) {
        state = Mutex(State(files: inputs.map { FileState(path: $0.path, size: $0.size) }))
    }

    func snapshot() -> State { state.withLock { $0 } }

    /// The reader has sealed a batch: its records are read, and so far unloaded.
    func read(_ batch: Batch) {
        update(batch.file) { file in
            let records = batch.recordCount + batch.malformed.count
            file.counts.recordsRead += records
            file.counts.recordsUnloaded += records
            file.counts.recordsMalformed += batch.malformed.count
            file.counts.linesPassed += batch.linesPassed
            file.counts.recordsRecovered += batch.recovered
            file.counts.bytesRead = max(file.counts.bytesRead, batch.range.upperBound)
        }
    }

    /// The reader has read so far.
    func read(bytes: Int, ofFile index: Int) {
        update(index) { $0.counts.bytesRead = max($0.counts.bytesRead, bytes) }
    }

    /// Lines were passed over in a file that holds nothing else.
    func passed(lines: Int, ofFile index: Int) {
        update(index) { $0.counts.linesPassed += lines }
    }

    /// A malformed record ends the import: it and those before it that are in no sealed batch
    /// were read, too.
    func stopped(atMalformedIn index: Int, precedingRecords: Int, linesPassed: Int) {
        update(index) { file in
            file.counts.recordsRead += precedingRecords + 1
            file.counts.recordsUnloaded += precedingRecords + 1
            file.counts.recordsMalformed += 1
            file.counts.linesPassed += linesPassed
        }
    }

    func truncated() {
        state.withLock { $0.isTruncated = true }
    }

    func named(_ importID: String) {
        state.withLock { $0.importID = importID }
    }

    func kept(rejects paths: [String?]) {
        for (index, path) in paths.enumerated() { update(index) { $0.rejects = path } }
    }

    /// A dry run has met a malformed record.
    func found(_ failure: Failure) {
        state.withLock { state in
            guard let first = state.firstMalformed?.order, let order = failure.order else {
                return state.firstMalformed = failure
            }
            if order < first { state.firstMalformed = failure }
        }
    }

    func completed(file index: Int) {
        update(index) { $0.isComplete = true }
    }

    /// A file is read to its end; its batches cover these bytes.
    func read(body: Range<Int>, ofFile index: Int) {
        update(index) { $0.body = body }
    }

    /// Something of a file is tried once more.
    func retried(file index: Int) {
        update(index) { $0.counts.retries += 1 }
    }

    /// An earlier run has loaded a batch.
    func resumed(_ batch: LedgerBatch, name: String) {
        update(batch.source) { file in
            file.counts.add(batch.counts)
            file.counts.resumedRows += batch.counts.rowsLoaded
            file.counts.batches += 1
            file.counts.resumedBatches += 1
            file.counts.resumedBytes += batch.range.count
            file.counts.bytesRead = max(file.counts.bytesRead, batch.range.upperBound)
            file.bytesLoaded += batch.range.count
            file.add(
                CommittedRange(
                    file: name, firstLine: batch.firstLine, lastLine: batch.lastLine,
                    firstByte: batch.range.lowerBound, endByte: batch.range.upperBound))
        }
    }

    /// The server has committed batches and stored `loaded` of their records.
    func committed(
        _ batches: CommittedBatches, _ loaded: LoadedRows, _ rejects: BatchRejects = BatchRejects()
    ) {
        let rows = loaded.inBinary + loaded.inText
        update(batches.file) { file in
            file.counts.recordsUnloaded -= batches.records
            file.counts.rowsLoaded += rows
            file.counts.rowsRejected += rejects.total
            file.counts.rowsSkipped += batches.records - rows - rejects.total
            file.counts.rowsInBinary += loaded.inBinary
            file.counts.rowsInText += loaded.inText
            file.counts.batches += batches.count
            file.bytesLoaded += batches.range.endByte - batches.range.firstByte
            file.add(batches.range)
        }
    }

    /// Batches are committed, but not yet into the target.
    func staged(_ batches: CommittedBatches) {
        update(batches.file) { $0.bytesLoaded += batches.byteRange.count }
    }

    /// All staged rows of a file are committed into the target.
    func moved(_ moved: Moved.File) {
        let staged = moved.staged
        update(staged.file) { file in
            file.counts.recordsUnloaded -= staged.records
            file.counts.rowsLoaded += moved.loaded
            file.counts.rowsRejected += staged.rejects + moved.rejects
            file.counts.rowsSkipped += staged.rowCount - moved.loaded - moved.rejects
            // Of which lane those were that did not make it nobody knows.
            file.counts.rowsInBinary += min(staged.rows.inBinary, moved.loaded)
            file.counts.rowsInText += max(0, moved.loaded - staged.rows.inBinary)
            file.counts.batches += staged.batches
            file.add(staged.range)
        }
    }

    private func update(_ index: Int, _ change: (inout FileState) -> Void) {
        state.withLock { change(&$0.files[index]) }
    }
}

extension Totals.State {
    var counts: ImportCounts {
        files.reduce(into: ImportCounts()) { $0.add($1.counts) }
    }

    var bytesLoaded: Int { files.reduce(0) { $0 + $1.bytesLoaded } }

    /// Nil when one of the inputs is a stream.
    var bytesTotal: Int? {
        files.reduce(into: Int?(0)) { total, file in
            total = total.flatMap { total in file.size.map { total + $0 } }
        }
    }
}

extension Totals.FileState {
    /// Puts a range where it belongs and merges it with its neighbours: workers commit in any
    /// order, so that there are never more gaps than workers.
    fileprivate mutating func add(_ range: CommittedRange) {
        let index = committed.firstIndex { $0.firstByte > range.firstByte } ?? committed.endIndex
        committed.insert(range, at: index)
        mergeRange(at: index)
        if index > 0 { mergeRange(at: index - 1) }
    }

    private mutating func mergeRange(at index: Int) {
        guard index + 1 < committed.count,
            committed[index].endByte == committed[index + 1].firstByte
        else { return }
        committed[index].endByte = committed[index + 1].endByte
        committed[index].lastLine = committed[index + 1].lastLine
        committed.remove(at: index + 1)
    }
}

/// Batches of one file that follow each other and are committed together.
struct CommittedBatches: Sendable {
    let file: Int
    private(set) var range: CommittedRange
    /// Good and malformed ones.
    private(set) var records: Int
    private(set) var count = 1
    private let firstRecord: Int
    private var lines: Int
    private var linesPassed: Int

    init(_ batch: Batch) {
        file = batch.file
        range = CommittedRange(
            file: batch.plan.name, firstLine: batch.firstLine, lastLine: batch.lastLine,
            firstByte: batch.range.lowerBound, endByte: batch.range.upperBound)
        records = batch.allRecords
        firstRecord = batch.firstRecord
        lines = batch.lineCount
        linesPassed = batch.linesPassed
    }

    var byteRange: Range<Int> { range.firstByte..<range.endByte }

    mutating func append(_ batch: Batch) {
        range.lastLine = batch.lastLine
        range.endByte = batch.range.upperBound
        records += batch.allRecords
        lines += batch.lineCount
        linesPassed += batch.linesPassed
        count += 1
    }

    /// As one batch, whose bytes are no longer held.
    func ledgerRow(loaded: Int) -> LedgerBatch {
        var counts = ImportCounts()
        counts.recordsRead = records
        counts.rowsLoaded = loaded
        counts.rowsSkipped = records - loaded
        counts.linesPassed = linesPassed
        counts.rowsInText = loaded
        return LedgerBatch(
            source: file, range: byteRange, firstRecord: firstRecord, records: records,
            firstLine: range.firstLine, lines: lines, lastLine: range.lastLine, hash: .unknown,
            counts: counts)
    }
}

extension ImportCounts {
    mutating func add(_ other: ImportCounts) {
        recordsRead += other.recordsRead
        rowsLoaded += other.rowsLoaded
        rowsRejected += other.rowsRejected
        rowsSkipped += other.rowsSkipped
        recordsUnloaded += other.recordsUnloaded
        recordsRecovered += other.recordsRecovered
        linesPassed += other.linesPassed
        resumedRows += other.resumedRows
        bytesRead += other.bytesRead
        batches += other.batches
        resumedBatches += other.resumedBatches
        resumedBytes += other.resumedBytes
        retries += other.retries
        rowsInBinary += other.rowsInBinary
        rowsInText += other.rowsInText
        recordsMalformed += other.recordsMalformed
    }
}
