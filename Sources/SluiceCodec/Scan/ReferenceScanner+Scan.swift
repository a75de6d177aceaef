/// Why a scan came back.
public enum ScanProgress: Sendable {
    /// All bytes are looked at; those from `consumed` on are an unfinished record.
    case needsInput
    /// The index has no room: the batch must be sealed at `consumed`.
    case indexFull
    /// The header lies here; `width` must be set before the scan goes on.
    case header(RecordBounds)
    /// The scanner does not recover and met its first fault; it can't go on.
    case malformed(MalformedRecord)
    /// The input has ended and all of it is consumed.
    case finished
}

extension ReferenceScanner {
    /// Reads on, and appends what it finds to `index`.
    ///
    /// - Parameters:
    ///   - bytes: all bytes held, those looked at before included.
    ///   - stop: how far to read.
    ///   - isFinal: no more bytes will come.
    /// - Returns: nil when it has come to `stop` and there are more bytes.
    mutating func scan(
        _ bytes: UnsafeRawBufferPointer, upTo stop: Int, isFinal: Bool,
        into index: inout RecordIndex
    ) -> ScanProgress? {
        while !index.isFull {
            let event = advance(bytes, upTo: stop)
            if let progress = handle(event, bytes, isFinal, &index) { return progress }
            guard case .needsInput = event else { continue }
            guard stop == bytes.count else { return nil }
            passOverUnheld()
            guard isFinal else { return .needsInput }
            guard let last = advanceAtEnd(bytes) else { return .finished }
            if let progress = handle(last, bytes, isFinal, &index) { return progress }
        }
        return .indexFull
    }

    private mutating func handle(
        _ event: Event, _ bytes: UnsafeRawBufferPointer, _ isFinal: Bool,
        _ index: inout RecordIndex
    ) -> ScanProgress? {
        switch event {
        case .needsInput:
            return nil
        case .lineEnded(let next):
            return endLine(at: next, bytes, &index)
        case .loneReturn:
            return handleLoneReturn(bytes)
        case .textAfterQuote:
            return handleTextAfterQuote(bytes, &index)
        case .limitReached:
            let isHeld = position - recordStart <= maxRecordBytes
            let isAtEnd = isFinal && position == bytes.count && isHeld
            return handleLimit(bytes, isFinal: isAtEnd, &index)
        }
    }

    private mutating func passOverUnheld() {
        guard state.needsNotBeHeld else { return }
        unheldStart = unheldStart ?? recordStart
        consumed = position
        recordStart = position
    }

    // MARK: The end of a line

    mutating func endLine(
        at next: Int, _ bytes: UnsafeRawBufferPointer, _ index: inout RecordIndex
    ) -> ScanProgress? {
        if isInPassedLine {
            index.linesPassed += 1
            skippedLinesLeft = max(0, skippedLinesLeft - 1)
        } else if let pendingFault {
            append(pendingFault, end: next, &index)
        } else if contentEnd == recordStart, expectsHeader || width != 1 {
            index.linesPassed += 1
        } else if expectsHeader {
            expectsHeader = false
            defer { beginRecord(at: next) }
            return .header(RecordBounds(recordStart, contentEnd))
        } else if delimiters + 1 == width {
            appendRecord(&index)
        } else if let progress = handleWidth(next: next, bytes, &index) {
            return progress
        }
        beginRecord(at: next)
        return nil
    }

    private var isInPassedLine: Bool {
        state == .passedLine || (state.isBehindReturn && afterLoneReturn == .passedLine)
    }

    @inline(__always)
    mutating func appendRecord(_ index: inout RecordIndex) {
        if recordStart < recoveredEnd { index.recovered += 1 }
        index.append(RecordBounds(recordStart, contentEnd))
    }

    @inline(__always)
    mutating func beginRecord(at start: Int) {
        position = start
        recordStart = start
        consumed = start
        unheldStart = nil
        delimiters = 0
        state = .lineStart
        pendingFault = nil
    }

    // MARK: Faults

    private var stopsAtFaults: Bool { !recovers || expectsHeader }

    mutating func fault(
        _ fault: MalformedRecord.Fault, at offset: Int, _ bytes: UnsafeRawBufferPointer
    ) -> PendingFault {
        let line = countLines(to: recordStart, in: bytes)
        return PendingFault(
            fault: fault, start: origin + recordStart, line: line,
            faultLine: self.line(of: offset, in: bytes), faultOffset: origin + offset)
    }

    private func malformed(
        _ fault: PendingFault, end: Int, preceding: Int = 0, isOmitted: Bool = false
    ) -> MalformedRecord {
        MalformedRecord(
            fault: fault.fault, start: fault.start, end: origin + end, line: fault.line,
            faultLine: fault.faultLine, faultOffset: fault.faultOffset, isOmitted: isOmitted,
            precedingRecords: preceding)
    }

    func append(_ fault: PendingFault, end: Int, _ index: inout RecordIndex) {
        // Only a discarded line has begun before the bytes that are held for it.
        let isOmitted = state == .discarding || afterDiscarding
        index.malformed.append(
            malformed(fault, end: end, preceding: index.count, isOmitted: isOmitted))
    }

    private var afterDiscarding: Bool { state.isBehindReturn && afterLoneReturn == .discarding }

    private mutating func handleWidth(
        next: Int, _ bytes: UnsafeRawBufferPointer, _ index: inout RecordIndex
    ) -> ScanProgress? {
        let fault = fault(.width(found: delimiters + 1), at: recordStart, bytes)
        guard !stopsAtFaults else { return .malformed(malformed(fault, end: next)) }
        append(fault, end: next, &index)
        return nil
    }

    private mutating func handleLoneReturn(_ bytes: UnsafeRawBufferPointer) -> ScanProgress? {
        let isTooLong = contentEnd - recordStart >= maxRecordBytes
        let fault =
            pendingFault
            ?? fault(
                isTooLong ? .tooLong : .loneCarriageReturn,
                at: isTooLong ? recordStart : contentEnd, bytes)
        guard !stopsAtFaults else { return .malformed(malformed(fault, end: position)) }
        pendingFault = fault
        state = .malformedRest
        return nil
    }

    private mutating func handleTextAfterQuote(
        _ bytes: UnsafeRawBufferPointer, _ index: inout RecordIndex
    ) -> ScanProgress? {
        let isFirst = pendingFault == nil
        let fault = pendingFault ?? fault(.textAfterQuote, at: quoteOpened, bytes)
        guard !stopsAtFaults else { return .malformed(malformed(fault, end: position)) }
        if isFirst, let stray = strayLines(beforeQuote: position - 1, bytes) {
            append(fault, end: stray.lowerBound, &index)
            resume(behind: stray)
        } else {
            pendingFault = fault
            state = .unquoted
        }
        return nil
    }

    private mutating func handleLimit(
        _ bytes: UnsafeRawBufferPointer, isFinal: Bool, _ index: inout RecordIndex
    ) -> ScanProgress? {
        let kind = isInsideQuotes ? MalformedRecord.Fault.unclosedQuote : .tooLong
        let fault =
            pendingFault
            ?? fault(
                kind, at: isInsideQuotes ? quoteOpened : recordStart, bytes)
        guard !stopsAtFaults else { return .malformed(malformed(fault, end: position)) }
        guard isInsideQuotes, let end = endOfHeldLines(bytes, isFinal: isFinal) else {
            pendingFault = fault
            state = .discarding
            return nil
        }
        let stray = strayLines(upTo: end, bytes, isAtEnd: isFinal)
        append(fault, end: stray?.lowerBound ?? end, &index)
        resume(behind: stray ?? end..<end)
        return nil
    }

    /// Goes on where the lines begin that a stray quote had swallowed.
    private mutating func resume(behind stray: Range<Int>) {
        // Lines have been told apart, by line feeds, before the first line end outside quotes.
        if lineEnd == .undecided { lineEnd = .lineFeed }
        beginRecord(at: stray.lowerBound)
        recoveredEnd = stray.upperBound
    }
}
