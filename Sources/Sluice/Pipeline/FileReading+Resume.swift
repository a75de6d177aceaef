import SluiceCodec
import SluiceCore

/// Reading around what an earlier run has loaded.
extension FileReading {
    /// The gaps between the batches that are done, and what stands behind the last one.
    mutating func readBody() async throws {
        let done = reader.done[file]
        if !done.isEmpty {
            try await learnLineEnd()
            try await keepPreludeAhead()
        }
        for (position, batch) in done.enumerated() {
            try await readGap(upTo: batch.range.lowerBound)
            let isAtBorder = position == 0 || position == done.count - 1
            try await pass(
                batch,
                verifies: isAtBorder && reader.verifiesBorders || reader.verifiesSource)
        }
        if reader.isFinished { try await checkEnd() }
        try await scan(untilHeader: false)
    }

    /// A stream that was loaded whole has no more than it had.
    private mutating func checkEnd() async throws {
        if filled == 0, !isAtEnd { try await fill() }
        guard filled == 0 else { throw hasChanged }
    }

    /// The file's first line end tells, and it may be among what is passed over.
    private mutating func learnLineEnd() async throws {
        guard !reader.mapping.csv.hasHeader else { return }
        scanner.lineEnd = try await tryScan().0.lineEnd
    }

    /// What stands before the first record, where that is longer than a batch, is passed over too.
    /// Of a stream it is lost.
    private mutating func keepPreludeAhead() async throws {
        guard preludeGoesOn, input.canSeek else { return }
        var start = scanner
        while preludeGoesOn {
            let found: RecordIndex
            (scanner, found) = try await tryScan()
            // Nothing is settled of a record that is longer than a batch.
            let first = firstRecord(in: found, by: scanner)
            preludeGoesOn = first == nil && scanner.consumed > 0 && !isAtEnd
            if preludeGoesOn {
                try dropSettled()
            } else {
                try keepPrelude(upTo: first ?? scanner.consumed)
            }
        }
        start.lineEnd = scanner.lineEnd
        scanner = start
        (filled, isAtEnd) = (0, false)
        try seekInput(to: 0)
        _ = try await fillStart()
    }

    private mutating func readGap(upTo end: Int) async throws {
        guard batchStart.byte < end else { return }
        readEnd = end
        try await scan(untilHeader: false)
        readEnd = nil
        guard batchStart.byte == end else { throw hasChanged }
    }

    /// Moves on behind a batch that is done.
    private mutating func pass(_ done: LedgerBatch, verifies: Bool) async throws {
        guard batchStart.byte == done.range.lowerBound else { throw hasChanged }
        dropHeld(upTo: done.range.lowerBound - scanner.origin)
        if verifies || !input.canSeek {
            let digest = try await digest(of: done.range.count)
            guard done.hash == digest || done.hash == .unknown else { throw hasChanged }
        } else {
            try seek(to: done.range.upperBound)
        }
        batchStart = (done.range.upperBound, done.firstLine + done.lines)
        nextRecord = done.firstRecord + done.records
        scanner.restart(at: batchStart.byte, line: batchStart.line)
        reader.totals.resumed(done, name: name)
    }

    private mutating func digest(of count: Int) async throws -> Digest128 {
        var digest = Digest128.Accumulator()
        var left = count
        while left > 0 {
            if filled == 0 { try await fill() }
            guard filled > 0 else { throw hasChanged }
            let taken = min(filled, left)
            digest.add(UnsafeRawBufferPointer(rebasing: slot.bytes[..<taken]))
            dropHeld(upTo: taken)
            left -= taken
        }
        return digest.digest
    }

    private mutating func seek(to offset: Int) throws {
        let end = scanner.origin + filled
        guard offset > end else { return dropHeld(upTo: offset - scanner.origin) }
        dropHeld(upTo: filled)
        try seekInput(to: offset)
    }

    private mutating func seekInput(to offset: Int) throws {
        do {
            try input.seek(to: offset)
        } catch {
            throw reader.failure(error, file: file)
        }
    }

    private mutating func dropHeld(upTo count: Int) {
        let held = UnsafeRawBufferPointer(rebasing: slot.bytes[count..<filled])
        slot.bytes.copyMemory(from: held)
        filled -= count
        scanner.restart(at: scanner.origin + count, line: batchStart.line)
    }

    private var hasChanged: Failure {
        var failure = reader.failure(
            .data,
            "the input is not the one that the ledger knows the import by", file: file,
            advice: "give it as it was, or drop the import, which leaves its rows in the table: "
                + "pgsluice status --forget ID")
        failure.order = Failure.Order(file: file, byte: batchStart.byte)
        return failure
    }
}
