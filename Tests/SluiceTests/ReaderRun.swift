import SluiceCodec
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Synchronization

@testable import Sluice

/// A `SourceReader` at work, without a server: what it hands over is noted, and its slot given back.
struct ReaderRun {
    /// A batch, as it was when it was handed over.
    struct Note: Sendable {
        let file: Int
        let range: Range<Int>
        let firstRecord: Int
        let firstLine: Int
        let lastLine: Int
        let records: [[UInt8]]
        let malformed: Int

        init(_ batch: Batch) {
            file = batch.file
            range = batch.range
            firstRecord = batch.firstRecord
            firstLine = batch.firstLine
            lastLine = batch.lastLine
            malformed = batch.malformed.count
            records = batch.records.map { record in
                Array(
                    UnsafeRawBufferPointer(
                        rebasing: batch.bytes[Int(record.start)..<Int(record.end)]))
            }
        }
    }

    var batches: [Note] = []
    var totals: Totals.State
    var failure: Failure?
    /// What was said before the first batch, by `hasContent`.
    var starts: [Bool] = []

    var records: [[UInt8]] { batches.flatMap(\.records) }
    var texts: [String] { records.map { String(decoding: $0, as: UTF8.self) } }

    /// Reads everything.
    ///
    /// - Parameter length: of the batches; nil: all are `batchBytes` long.
    init(
        _ source: ImportSource, columns: [String], csv: CSVOptions = CSVOptions(),
        options: ColumnOptions = ColumnOptions(), batchBytes: ByteCount = .kibibytes(64),
        length: BatchLength? = nil, slots: Int = 3, recovers: Bool = false
    ) async throws {
        let length = length ?? BatchLength(batchBytes)
        let starts = Mutex<[Bool]>([])
        let totals = Totals(inputs: source.inputs.map { ($0.name, $0.size) })
        let ring = try Ring.of(
            slots, batchBytes: length.usual, maxRecordBytes: csv.dialect.maxRecordBytes)
        let thread = try OwnThread(name: "source")
        let reader = SourceReader(
            inputs: source.inputs,
            mapping: ColumnMapping(target: .of(columns), options: options, csv: csv), ring: ring,
            totals: totals, thread: thread, batchLength: length,
            usesBinaryLane: false,
            recovers: recovers, rejects: nil, done: source.inputs.map { _ in [] },
            isFinished: false, verifiesSource: false, logger: .silent,
            beforeFirstBatch: { content in starts.withLock { $0.append(content != .nothing) } })
        (batches, failure) = await withTaskGroup(of: Failure?.self) { group in
            group.addTask(executorPreference: thread) {
                defer { ring.finish() }
                do {
                    try await reader.readHeaders()
                    try await reader.run()
                    return nil
                } catch {
                    return Failure.cause(of: error)
                }
            }
            var notes: [Note] = []
            for await batch in ring.loaded {
                notes.append(Note(batch))
                // Whoever looks at a slot that he has given back sees this.
                _ = batch.slot.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
                batch.slot.touched = batch.slot.bytes.count
                ring.recycle(batch.slot, holdsLongPermit: batch.holdsLongPermit)
            }
            return (notes, await group.next() ?? nil)
        }
        await thread.stop()
        self.totals = totals.snapshot()
        self.starts = starts.withLock { $0 }
    }

    /// Reads a text, cut into chunks of this length.
    init(
        _ text: String, chunk: Int = .max, columns: [String], csv: CSVOptions = CSVOptions(),
        batchBytes: ByteCount = .kibibytes(64), recovers: Bool = false
    ) async throws {
        try await self.init(
            .bytes(Array(text.utf8).chunked(by: chunk).async, name: "text"), columns: columns,
            csv: csv, batchBytes: batchBytes, recovers: recovers)
    }
}

extension [UInt8] {
    func chunked(by length: Int) -> [[UInt8]] {
        guard length < count else { return [self] }
        return stride(from: 0, to: count, by: length).map { start in
            Array(self[start..<Swift.min(start + length, count)])
        }
    }
}

extension Ring {
    static func of(
        _ count: Int, batchBytes: ByteCount, maxRecordBytes: ByteCount = .mebibytes(16)
    ) throws -> Ring {
        Ring(
            slots: try (0..<count).map { _ in
                try Slot(batchBytes: batchBytes, maxRecordBytes: maxRecordBytes)
            })
    }
}

extension Target {
    /// Of text columns; a name that ends with `*` is that of a generated column, one that ends
    /// with `!` of a column without privilege.
    static func of(_ columns: [String]) -> Target {
        Target(
            oid: "1", schema: "public", name: "t", sql: "public.t",
            columns: columns.map { name in
                let (isGenerated, isForbidden) = (name.hasSuffix("*"), name.hasSuffix("!"))
                return Column(
                    name: isGenerated || isForbidden ? String(name.dropLast()) : name,
                    type: ColumnType(
                        name: "text", baseName: "text", inputName: "text", hasTextCast: false,
                        oid: 25, modifier: -1),
                    isGenerated: isGenerated, isInsertable: !isForbidden)
            },
            isUTF8: true, referencesItself: false, isUnlogged: false, canSortOnServer: false)
    }
}
