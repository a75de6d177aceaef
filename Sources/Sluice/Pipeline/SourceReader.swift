import Logging
import SluiceCodec
import SluiceCore
import SluiceSource

/// The producer: reads the inputs one after the other, settles where records end, and hands whole
/// batches to the workers. Runs on the source's own thread.
struct SourceReader: Sendable {
    let inputs: [ImportSource.Input]
    let mapping: ColumnMapping
    let ring: Ring
    let totals: Totals
    let thread: OwnThread
    let batchBytes: ByteCount
    let usesBinaryLane: Bool
    /// Reads on behind malformed records; else the first one ends the import.
    let recovers: Bool
    let logger: Logger
    /// Called once, when the first batch is ready or there is none: with false if the input has
    /// neither record nor header.
    let beforeFirstBatch: @Sendable (_ hasContent: Bool) async throws -> Void

    /// Opens each regular file and maps its header, so that a file that does not fit is known
    /// before the first row is sent.
    func readHeaders() async throws {
        for file in inputs.indices where inputs[file].canBeReopened {
            let slot = try await vacantSlot()
            var reading = FileReading(
                self, file: file, input: try open(file), slot: slot, isPreview: true)
            try await reading.readHeader()
        }
    }

    /// Hands over all inputs.
    func run() async throws {
        var hasStarted = false
        var hasContent = false
        for file in inputs.indices {
            let slot = try await vacantSlot()
            var reading = FileReading(self, file: file, input: try open(file), slot: slot)
            reading.hasStarted = hasStarted
            try await reading.run()
            hasStarted = reading.hasStarted
            hasContent = hasContent || reading.hasHeader
            totals.completed(file: file)
        }
        if !hasStarted { try await beforeFirstBatch(hasContent) }
        ring.finish()
    }
}

/// One file on its way into batches.
private struct FileReading: ~Copyable {
    private let reader: SourceReader
    private let file: Int
    private let name: String
    /// Only the header is read, and the file will be read again: nothing is counted.
    private let isPreview: Bool
    private var input: OpenInput
    private var scanner: RecordScanner

    /// The slot that is being filled, and how far it is.
    private var slot: Slot
    private var index: RecordIndex
    private var filled = 0
    private var isAtEnd = false
    private var holdsLongPermit = false

    private var plan: FilePlan?
    private var batchStart = (byte: 0, line: 1)
    private var nextRecord = 1
    /// Whether a batch of the import has been handed over.
    var hasStarted = false
    var hasHeader: Bool { plan != nil && reader.mapping.csv.hasHeader }

    init(
        _ reader: SourceReader, file: Int, input: consuming OpenInput, slot: Slot,
        isPreview: Bool = false
    ) {
        self.reader = reader
        self.isPreview = isPreview
        self.file = file
        self.input = input
        self.slot = slot
        let csv = reader.mapping.csv
        name = reader.inputs[file].name
        index = RecordIndex(bounds: slot.bounds)
        scanner = RecordScanner(
            dialect: csv.dialect, width: nil, hasHeader: csv.hasHeader, skipLines: csv.skipLines,
            recovers: reader.recovers)
    }

    /// Hands over all of the file.
    mutating func run() async throws {
        try await begin()
        try await scan(untilHeader: false)
        tellLane()
        if scanner.origin + filled == 0 { reader.logger.notice("\(name) is empty") }
        if input.hasGrown {
            reader.logger.warning("\(name) has grown since it was opened; the rest is not loaded")
        }
        reader.ring.recycle(slot, holdsLongPermit: holdsLongPermit)
    }

    /// Reads the header, so that what is wrong with it is known before a row is sent.
    mutating func readHeader() async throws {
        try await begin()
        if plan == nil { try await scan(untilHeader: true) }
        reader.ring.recycle(slot, holdsLongPermit: holdsLongPermit)
    }

    private mutating func begin() async throws {
        let start = try await fillStart()
        scanner.begin(at: start)
        batchStart.byte = start
        guard !reader.mapping.csv.hasHeader else { return }
        plan = try reader.plan(file: file, fields: reader.mapping.fieldsByPosition())
        scanner.width = plan?.layout.width
    }

    private func tellLane() {
        switch plan?.lane {
        case .binary?: reader.logger.info("\(name): binary lane")
        case .text(let reason)?: reader.logger.info("\(name): text lane: \(reason)")
        case nil: break
        }
    }

    // MARK: Scanning

    private mutating func scan(untilHeader: Bool) async throws {
        while true {
            let held = UnsafeRawBufferPointer(rebasing: slot.bytes[..<filled])
            switch scanner.scan(held, isFinal: isAtEnd, into: &index) {
            case .needsInput:
                if isBatchFull { try await seal() } else { try await fill() }
            case .indexFull:
                try await seal()
            case .header(let bounds):
                try mapHeader(bounds, held)
                if untilHeader { return }
            case .malformed(let record):
                throw failure(of: record)
            case .finished:
                return untilHeader ? () : try await sealLast()
            }
        }
    }

    private var isBatchFull: Bool { scanner.consumed > 0 && filled >= reader.batchBytes.bytes }

    private mutating func mapHeader(
        _ bounds: RecordBounds, _ held: UnsafeRawBufferPointer
    ) throws {
        let names = fieldValues(of: bounds, in: held, dialect: reader.mapping.csv.dialect)
            .map { HeaderName(String(decoding: $0.bytes, as: UTF8.self), isQuoted: $0.isQuoted) }
        do {
            plan = try reader.plan(file: file, fields: reader.mapping.fields(header: names))
        } catch var failure as Failure {
            failure.location = SourceLocation(file: name)
            failure.order = Failure.Order(file: file, byte: 0)
            throw failure
        }
        scanner.width = names.count
        batchStart = (
            scanner.origin + scanner.consumed, scanner.lineAtConsumed(in: held)
        )
    }

    // MARK: Filling

    /// Fills the slot's start as far as it takes to tell what the input is.
    ///
    /// - Returns: where the text begins: behind a BOM.
    private mutating func fillStart() async throws -> Int {
        while filled < ForeignFormat.magicLength, !isAtEnd { try await fill() }
        let start = UnsafeRawBufferPointer(rebasing: slot.bytes[..<filled])
        if let format = ForeignFormat.name(ofInputBeginning: start) {
            throw reader.failure(
                .data, "this is \(format), not CSV in UTF-8", file: file,
                advice: "convert it to plain UTF-8 text first")
        }
        return start.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// Reads into the slot's free end: up to the batch's length or, for a record longer than that,
    /// as far as it may be held.
    private mutating func fill() async throws {
        let batchEnd = reader.batchBytes.bytes
        if filled >= batchEnd, !holdsLongPermit {
            try await reader.ring.awaitLongPermit()
            holdsLongPermit = true
        }
        let end = filled < batchEnd ? batchEnd : slot.bytes.count
        // What is read beyond a long record is no more than a batch, which needs no permit.
        let length = min(Self.readLength, batchEnd)
        precondition(filled < end, "a slot is full, and nothing in it is settled")
        let room = UnsafeMutableRawBufferPointer(
            rebasing: slot.bytes[filled..<min(end, filled + length)])
        let count = try await reader.read(&input, into: room, file: file)
        isAtEnd = count == 0
        filled += count
        slot.touched = max(slot.touched, filled)
        if !isPreview { reader.totals.read(bytes: scanner.origin + filled, ofFile: file) }
    }

    /// What is read at a time: scanned while the cache still has it.
    private static let readLength = 256 << 10

    // MARK: Sealing

    private mutating func seal() async throws {
        guard plan != nil, scanner.origin + scanner.consumed > batchStart.byte else {
            return dropSettled()
        }
        let next = try await reader.vacantSlot()
        let consumed = scanner.consumed
        let tail = UnsafeRawBufferPointer(rebasing: slot.bytes[consumed..<filled])
        next.bytes.copyMemory(from: tail)
        next.touched = max(next.touched, tail.count)
        let batch = sealedBatch(tail: tail.count)
        slot.trim(from: consumed)
        scanner.rebase(droppingFirst: consumed)
        filled = tail.count
        try await hand(over: batch, next: next)
    }

    /// The header and what stands before it go nowhere.
    private mutating func dropSettled() {
        let held = UnsafeRawBufferPointer(rebasing: slot.bytes[..<filled])
        let consumed = scanner.consumed
        _ = scanner.lineAtConsumed(in: held)
        slot.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: held[consumed...]))
        scanner.rebase(droppingFirst: consumed)
        filled -= consumed
    }

    private mutating func sealLast() async throws {
        guard plan != nil, scanner.origin + scanner.consumed > batchStart.byte else {
            return reader.totals.passed(lines: index.linesPassed, ofFile: file)
        }
        let next = try await reader.vacantSlot()
        try await hand(over: sealedBatch(tail: 0), next: next)
    }

    /// - Parameter tail: bytes that go on into the next slot. As long as they are more than usual
    ///   the permit stays here.
    private mutating func sealedBatch(tail: Int) -> Batch {
        guard let plan else { preconditionFailure("a batch before its header") }
        let held = UnsafeRawBufferPointer(rebasing: slot.bytes[..<filled])
        let end = (
            byte: scanner.origin + scanner.consumed, line: scanner.lineAtConsumed(in: held)
        )
        let last = held[scanner.consumed - 1]
        let endsLine =
            last == UInt8(ascii: "\n")
            || scanner.lineEnd == .carriageReturn && last == UInt8(ascii: "\r")
        let givesPermit = holdsLongPermit && tail <= reader.batchBytes.bytes
        let batch = Batch(
            slot: slot, file: file, plan: plan, range: batchStart.byte..<end.byte,
            prelude: batchStart.byte - scanner.origin, firstRecord: nextRecord,
            firstLine: batchStart.line, lineCount: end.line - batchStart.line,
            lastLine: endsLine ? end.line - 1 : end.line,
            lineEnd: scanner.lineEnd, recordCount: index.count, malformed: index.malformed,
            holdsLongPermit: givesPermit)
        if givesPermit { holdsLongPermit = false }
        batchStart = end
        nextRecord += index.count + index.malformed.count
        return batch
    }

    private mutating func hand(over batch: Batch, next: Slot) async throws {
        reader.totals.read(batch, linesPassed: index.linesPassed, recovered: index.recovered)
        slot = next
        index = RecordIndex(bounds: next.bounds)
        let hasContent = hasHeader || batch.recordCount > 0 || !batch.malformed.isEmpty
        if !hasStarted, hasContent {
            hasStarted = true
            try await reader.beforeFirstBatch(true)
        }
        try reader.ring.load(batch)
    }

    // MARK: Faults

    private mutating func failure(of record: MalformedRecord) -> Failure {
        // A header is no record.
        if plan != nil {
            reader.totals.stopped(
                atMalformedIn: file, precedingRecords: index.count, linesPassed: index.linesPassed)
        }
        let held = UnsafeRawBufferPointer(rebasing: slot.bytes[..<filled])
        let start = record.start - scanner.origin
        var failure = Failure(record, width: scanner.width, dialect: reader.mapping.csv.dialect)
        failure.location = SourceLocation(
            file: name, line: record.faultLine,
            record: plan == nil ? nil : nextRecord + index.count + index.malformed.count,
            byteOffset: record.faultOffset)
        failure.record = Batch.firstLine(of: held[start...])
        failure.order = Failure.Order(file: file, byte: record.start)
        return failure
    }
}

extension SourceReader {
    fileprivate func open(_ file: Int) throws -> OpenInput {
        do {
            return try OpenInput(inputs[file])
        } catch {
            throw failure(error, file: file)
        }
    }

    fileprivate func vacantSlot() async throws -> Slot {
        for await slot in ring.vacant { return slot }
        throw CancellationError()
    }

    fileprivate func plan(file: Int, fields: [Int?]) throws -> FilePlan {
        try FilePlan(
            name: inputs[file].name, target: mapping.target, fields: fields, csv: mapping.csv,
            usesBinaryLane: usesBinaryLane)
    }

    /// Reads what there is; 0 is the end.
    fileprivate func read(
        _ input: inout OpenInput, into room: UnsafeMutableRawBufferPointer, file: Int
    ) async throws -> Int {
        while true {
            try Task.checkCancellation()
            do {
                return try await input.read(into: room, on: thread)
            } catch let error as SourceError {
                // Woken: look whether that was for a cancellation.
                if error.kind == .interrupted { continue }
                throw failure(error, file: file)
            } catch {
                // What a caller's sequence throws; its CancellationError too, if we are not cancelled.
                try Task.checkCancellation()
                throw failure(.io, "could not be read: \(error)", file: file)
            }
        }
    }

    fileprivate func failure(_ error: SourceError, file: Int) -> Failure {
        failure(
            error.kind == .unopenable ? .input : .io, error.description, file: file)
    }

    fileprivate func failure(
        _ code: ImportError.Code, _ message: String, file: Int, advice: String? = nil
    ) -> Failure {
        var failure = Failure(
            code, message, location: SourceLocation(file: inputs[file].name), advice: advice)
        failure.order = Failure.Order(file: file, byte: 0)
        return failure
    }
}
