import Logging
import SluiceCodec
import SluiceCore
import SluiceSource

/// One file on its way into batches.
struct FileReading: ~Copyable {
    let reader: SourceReader
    let file: Int
    let name: String
    /// Only the header is read, and the file will be read again: nothing is counted.
    private let isPreview: Bool
    var input: OpenInput
    var scanner: RecordScanner

    /// The slot that is being filled, and how far it is.
    var slot: Slot
    var index: RecordIndex
    var filled = 0
    var isAtEnd = false
    private var holdsLongPermit = false
    /// How many batches of the import there are before this one.
    var begun = 0

    var plan: FilePlan?
    var batchStart = (byte: 0, line: 1)
    var nextRecord = 1
    /// The line on which the first byte held stands, when the batch began before it.
    var firstHeldLine = 1
    /// Behind a BOM.
    private var textStart = 0
    /// Where the present gap between batches of an earlier run ends; nil: with the input.
    var readEnd: Int?
    /// What stands before the first record is longer than a batch: it is kept as it goes by.
    var preludeGoesOn = false
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

    /// Hands over all of the file but what an earlier run has loaded.
    mutating func run() async throws {
        try await begin()
        if plan == nil { try await scan(untilHeader: true) }
        let bodyStart = batchStart.byte
        try await readBody()
        // What is passed over where there is nothing else is no batch's.
        let bodyEnd = batchStart.byte > bodyStart ? scanner.origin + filled : bodyStart
        reader.totals.read(body: bodyStart..<bodyEnd, ofFile: file)
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
        textStart = try await fillStart()
        scanner.begin(at: textStart)
        batchStart.byte = textStart
        guard !reader.mapping.csv.hasHeader else { return }
        plan = try reader.plan(file: file, fields: reader.mapping.fieldsByPosition())
        scanner.width = plan?.layout.width
        try await keepSkippedLines()
    }

    /// Without a header what stands before the first record is part of the first batch, which an
    /// earlier run may have loaded.
    private mutating func keepSkippedLines() async throws {
        let csv = reader.mapping.csv
        guard reader.rejects != nil, csv.skipLines > 0 || csv.dialect.comment != nil else { return }
        let (trial, found) = try await tryScan()
        let first = firstRecord(in: found, by: trial)
        preludeGoesOn = first == nil && !isAtEnd
        if !preludeGoesOn { try keepPrelude(upTo: first ?? trial.consumed) }
    }

    /// Scans what the first batch may hold, and settles nothing.
    mutating func tryScan() async throws -> (RecordScanner, RecordIndex) {
        while filled < reader.batchLength.usual.bytes, !isAtEnd { try await fill() }
        var trial = scanner
        var found = RecordIndex(bounds: slot.bounds)
        let held = UnsafeRawBufferPointer(rebasing: slot.bytes[..<filled])
        _ = trial.scan(held, isFinal: isAtEnd, into: &found)
        return (trial, found)
    }

    private func tellLane() {
        switch plan?.lane {
        case .binary?: reader.logger.info("\(name): binary lane")
        case .text(let reason)?: reader.logger.info("\(name): text lane: \(reason)")
        case nil: break
        }
    }

    // MARK: Scanning

    mutating func scan(untilHeader: Bool) async throws {
        while true {
            let held = UnsafeRawBufferPointer(rebasing: slot.bytes[..<visibleEnd])
            switch scanner.scan(held, isFinal: isAtEnd || isAtReadEnd, into: &index) {
            case .needsInput:
                // The lines are counted while the cache still has them.
                _ = scanner.lineAtSettledEnd(in: held)
                if isBatchFull { try await seal() } else { try await fill() }
            case .indexFull:
                try await seal()
            case .header(let bounds):
                try mapHeader(bounds, held)
                if untilHeader { return }
            case .malformed(let record):
                throw failure(of: record)
            case .finished:
                return untilHeader && isPreview ? () : try await sealLast()
            }
        }
    }

    /// What is held of the present gap.
    private var visibleEnd: Int { readEnd.map { min(filled, $0 - scanner.origin) } ?? filled }

    private var isAtReadEnd: Bool { readEnd.map { scanner.origin + filled >= $0 } ?? false }

    private var isBatchFull: Bool { scanner.consumed > 0 && filled >= wantedLength }

    private var wantedLength: Int {
        let isLast = file == reader.inputs.count - 1
        let left = isLast ? input.size.map { $0 - scanner.origin } : nil
        return reader.batchLength.bytes(begun: begun, left: left)
    }

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
        try keepPrelude(upTo: scanner.consumed)
    }

    // MARK: Filling

    /// Fills the slot's start as far as it takes to tell what the input is.
    ///
    /// - Returns: where the text begins: behind a BOM.
    mutating func fillStart() async throws -> Int {
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
    mutating func fill() async throws {
        let usual = reader.batchLength.usual.bytes
        if filled >= usual, !holdsLongPermit {
            try await reader.ring.awaitLongPermit()
            holdsLongPermit = true
        }
        let end = [wantedLength, usual, slot.bytes.count].first { filled < $0 } ?? filled
        // What is read beyond a long record is no more than a batch, which needs no permit.
        let length = min(Self.readLength, usual)
        precondition(filled < end, "a slot is full, and nothing in it is settled")
        let room = UnsafeMutableRawBufferPointer(
            rebasing: slot.bytes[filled..<min(end, filled + length)])
        let count = try await read(into: room)
        isAtEnd = count == 0
        filled += count
        slot.touched = max(slot.touched, filled)
        if !isPreview { reader.totals.read(bytes: scanner.origin + filled, ofFile: file) }
    }

    /// Reads what there is, up to where an earlier run has gone on; 0 is the end.
    mutating func read(into room: UnsafeMutableRawBufferPointer) async throws -> Int {
        let wanted = min(room.count, readEnd.map { $0 - scanner.origin - filled } ?? room.count)
        guard wanted > 0 else { return 0 }
        return try await reader.read(
            &input, into: UnsafeMutableRawBufferPointer(rebasing: room[..<wanted]), file: file)
    }

    /// What is read at a time: scanned while the cache still has it.
    private static let readLength = 256 << 10

    // MARK: Sealing

    private mutating func seal() async throws {
        let end = scanner.settledEnd
        guard plan != nil, scanner.origin + end > batchStart.byte, hasStarted || hasContent else {
            return try dropSettled()
        }
        try await seal(upTo: end)
    }

    /// Without it nothing may be done to the table, nor to the ledger.
    private var hasContent: Bool {
        hasHeader || index.count > 0 || !index.malformed.isEmpty
    }

    private mutating func sealLast() async throws {
        guard plan != nil, scanner.origin + scanner.consumed > batchStart.byte,
            hasStarted || hasContent
        else {
            reader.totals.passed(lines: index.linesPassed, ofFile: file)
            return index.removeAll()
        }
        try await seal(upTo: scanner.consumed)
    }

    /// What is held behind `end` goes on into the next slot.
    private mutating func seal(upTo end: Int) async throws {
        try goOnWithPrelude(upTo: end)
        let next = try await reader.vacantSlot()
        let tail = UnsafeRawBufferPointer(rebasing: slot.bytes[end..<filled])
        next.bytes.copyMemory(from: tail)
        next.touched = max(next.touched, tail.count)
        let batch = sealedBatch(upTo: end, tail: tail.count)
        slot.trim(from: end)
        scanner.rebase(droppingFirst: end)
        filled = tail.count
        try await hand(over: batch, next: next)
    }

    /// What stands before the header, and lines that are passed over, need not be held.
    mutating func dropSettled() throws {
        let held = UnsafeRawBufferPointer(rebasing: slot.bytes[..<filled])
        let consumed = scanner.consumed
        firstHeldLine = scanner.lineAtConsumed(in: held)
        if plan == nil { try keepPrelude(upTo: consumed) }
        try goOnWithPrelude(upTo: consumed)
        slot.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: held[consumed...]))
        scanner.rebase(droppingFirst: consumed)
        filled -= consumed
    }

    /// Keeps what is held up to the first record or, where there is none yet, to `end`.
    private mutating func goOnWithPrelude(upTo end: Int) throws {
        guard preludeGoesOn else { return }
        let first = firstRecord(in: index, by: scanner)
        try keepPrelude(upTo: first ?? end)
        preludeGoesOn = first == nil
    }

    /// Where it begins in what is held; of one that is malformed, even before it is read to its end.
    func firstRecord(in found: RecordIndex, by scanner: RecordScanner) -> Int? {
        let malformed = [found.malformed.first?.start, scanner.malformedStart].compactMap { $0 }
        return
            (malformed.map { $0 - scanner.origin }
            + found.records.prefix(1).map { Int($0.start) }).min()
    }

    /// The reject file begins as its input does, so that the same flags load it.
    func keepPrelude(upTo end: Int) throws {
        guard !isPreview else { return }
        let start = max(0, textStart - scanner.origin)
        guard start < end else { return }
        try reader.rejects?.appendPrelude(
            UnsafeRawBufferPointer(rebasing: slot.bytes[start..<end]), ofFile: file)
    }

    /// - Parameters:
    ///   - position: where it ends in the slot.
    ///   - tail: bytes that go on into the next slot. As long as they are more than usual the
    ///     permit stays here.
    private mutating func sealedBatch(upTo position: Int, tail: Int) -> Batch {
        guard let plan else { preconditionFailure("a batch before its header") }
        let held = UnsafeRawBufferPointer(rebasing: slot.bytes[..<filled])
        let end = (
            byte: scanner.origin + position, line: scanner.lineAtSettledEnd(in: held)
        )
        let last = held[position - 1]
        let endsLine =
            last == UInt8(ascii: "\n")
            || scanner.lineEnd == .carriageReturn && last == UInt8(ascii: "\r")
        let givesPermit = holdsLongPermit && tail <= reader.batchLength.usual.bytes
        let batch = Batch(
            slot: slot, file: file, plan: plan, range: batchStart.byte..<end.byte,
            prelude: batchStart.byte - scanner.origin, firstRecord: nextRecord,
            firstLine: batchStart.line,
            firstHeldLine: batchStart.byte < scanner.origin ? firstHeldLine : batchStart.line,
            lineCount: end.line - batchStart.line,
            lastLine: endsLine ? end.line - 1 : end.line,
            lineEnd: scanner.lineEnd, recordCount: index.count, malformed: index.malformed,
            holdsLongPermit: givesPermit,
            linesPassed: index.linesPassed, recovered: index.recovered)
        if givesPermit { holdsLongPermit = false }
        batchStart = end
        nextRecord += index.count + index.malformed.count
        return batch
    }

    private mutating func hand(over batch: Batch, next: Slot) async throws {
        reader.totals.read(batch)
        let isFirst = !hasStarted && hasContent
        begun += 1
        slot = next
        index = RecordIndex(bounds: next.bounds)
        if isFirst {
            hasStarted = true
            try await reader.beforeFirstBatch(.batch)
        }
        if hasStarted { try await reader.beforeBatch(batch) }
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
