/// `next(s)` of CSV.md, and what it asks of lines.
extension Oracle {
    typealias Line = OracleText.Line

    struct Fault {
        var offset: Int
        var kind: OracleFaultKind
    }

    /// Reads the record at the start of a line; returns where to go on.
    mutating func readRecord(at start: Int) -> Int {
        var reader = OracleRecordReader(text, at: start, dialect: dialect)
        let stop = reader.read()
        // The test is made at the fault; what was read behind it has not happened if it holds.
        if let next = recoverBeforeText(in: reader, from: start) { return next }
        text = reader.text
        let fault = firstFault(of: reader, stoppedBy: stop, from: start)
        switch (stop, fault) {
        case (.ended(let contentEnd, let next), nil):
            guard reader.fields.count == width else {
                let kind = OracleFaultKind.width(found: reader.fields.count)
                return reject(from: start, to: next, Fault(offset: start, kind: kind))
            }
            findings.append(.record(start: start, end: contentEnd, fields: reader.fields))
            return next
        case (.ended(_, let next), let fault?):
            return reject(from: start, to: next, fault)
        case (.loneCarriageReturn(let index), let fault?):
            return rejectLine(from: start, endingBehind: index + 1, fault)
        case (.limitOutsideQuotes, let fault?):
            return rejectLine(from: start, endingBehind: start + dialect.maxRecordBytes, fault)
        case (.endInsideQuotes(let opened), let fault?):
            return rejectOpen(from: start, to: text.end, opened: opened, fault)
        case (.limitInsideQuotes(let opened), let fault?):
            guard let end = lastLineEndHeld(from: start) else {
                return rejectLine(from: start, endingBehind: start + dialect.maxRecordBytes, fault)
            }
            return rejectOpen(from: start, to: end, opened: opened, fault)
        case (_, nil):
            preconditionFailure("a record that did not end well has a fault")
        }
    }

    /// A record with several faults is named by the first; its width is judged only if it has none.
    func firstFault(
        of reader: OracleRecordReader, stoppedBy stop: OracleRecordReader.Stop, from start: Int
    ) -> Fault? {
        if let fault = reader.textAfterQuote {
            return Fault(offset: fault.opened, kind: .textAfterQuote)
        }
        switch stop {
        case .ended: return nil
        case .loneCarriageReturn(let index):
            return Fault(offset: index, kind: .loneCarriageReturn)
        case .endInsideQuotes(let opened), .limitInsideQuotes(let opened):
            return Fault(offset: opened, kind: .unclosedQuote)
        case .limitOutsideQuotes:
            return Fault(offset: start, kind: .tooLong)
        }
    }

    // MARK: Recovery

    /// If the quote with text behind it was an opening quote, the one before it never closed:
    /// rejects up to its line O and delivers the lines between; returns the start of line F.
    private mutating func recoverBeforeText(
        in reader: OracleRecordReader, from start: Int
    ) -> Int? {
        guard dialect.quoting == .standard, let fault = reader.textAfterQuote else { return nil }
        let lines = text.decided.lines(startingIn: start..<fault.closed + 1)
        // Not nil: the first line begins where the record does.
        let lineO = lines.lastIndex { $0.start <= fault.opened }!
        let lineF = lines.count - 1
        guard lineO < lineF, isStray(lines[(lineO + 1)..<lineF]),
            opensField(at: fault.closed, ofLine: lines[lineF])
        else { return nil }
        text = text.decided
        let kind = Fault(offset: fault.opened, kind: .textAfterQuote)
        _ = reject(from: start, to: lines[lineO].end, kind)
        deliver(lines[(lineO + 1)..<lineF])
        return lines[lineF].start
    }

    /// The quote is still open at `end`, which ends a line: of the input, or the last one held.
    private mutating func rejectOpen(
        from start: Int, to end: Int, opened: Int, _ fault: Fault
    ) -> Int {
        text = text.decided
        let lines = text.lines(startingIn: start..<end)
        let behindO = lines.drop { $0.start <= opened }
        guard dialect.quoting == .standard, let first = behindO.first, isStray(behindO) else {
            return reject(from: start, to: end, fault)
        }
        _ = reject(from: start, to: first.start, fault)
        deliver(behindO)
        return end
    }

    /// The end of the last line that lies wholly within the limit.
    private func lastLineEndHeld(from start: Int) -> Int? {
        let limit = start + dialect.maxRecordBytes
        return text.decided.lines(startingIn: start..<limit).last { $0.end <= limit }?.end
    }

    // MARK: Lines as evidence

    private func isStray(_ lines: ArraySlice<Line>) -> Bool {
        width > 1 && lines.allSatisfy(isClean)
    }

    private func isClean(_ line: Line) -> Bool {
        if line.contentEnd == line.start || isComment(at: line.start) { return true }
        var reader = OracleRecordReader(text.decided, alone: line, dialect: dialect)
        guard case .ended(_, line.end) = reader.read() else { return false }
        return reader.textAfterQuote == nil && !reader.hasBareQuote && reader.fields.count == width
    }

    private func opensField(at quote: Int, ofLine line: Line) -> Bool {
        guard !isComment(at: line.start) else { return false }
        var reader = OracleRecordReader(text.decided, alone: line, dialect: dialect)
        _ = reader.read()
        return reader.openings.contains(quote)
    }

    // MARK: Findings

    /// Delivers lines that are clean.
    private mutating func deliver(_ lines: ArraySlice<Line>) {
        for line in lines {
            if line.contentEnd == line.start || isComment(at: line.start) {
                linesPassed += 1
            } else {
                var reader = OracleRecordReader(text, alone: line, dialect: dialect)
                _ = reader.read()
                findings.append(
                    .record(start: line.start, end: line.contentEnd, fields: reader.fields))
                recovered += 1
            }
        }
    }

    private mutating func reject(from start: Int, to end: Int, _ fault: Fault) -> Int {
        findings.append(
            .reject(
                start: start, end: end, fault: fault.offset, kind: fault.kind, omitted: false))
        return end
    }

    /// Rejects up to the end of the line that holds `index`, whatever its quotes; what is longer
    /// than the limit was never held.
    private mutating func rejectLine(
        from start: Int, endingBehind index: Int, _ fault: Fault
    ) -> Int {
        let line = text.takeLine(from: index)
        let omitted = line.contentEnd - start > dialect.maxRecordBytes
        findings.append(
            .reject(
                start: start, end: line.end, fault: fault.offset, kind: fault.kind,
                omitted: omitted))
        return line.end
    }
}
