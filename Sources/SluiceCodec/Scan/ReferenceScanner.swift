import SluiceCore

/// Finds where records end, one byte after the other: the truth that `RecordScanner` follows.
///
/// It works on bytes that the caller holds: all from `consumed` on must still be there at the
/// next call, at the same place or moved by `rebase(droppingFirst:)`. Its state survives any cut.
/// Positions count from the first byte held.
struct ReferenceScanner: Sendable {
    enum State: Sendable {
        /// At the first byte of a line. Exits: any below but those behind a quote.
        case lineStart
        /// At the first byte of a field. Exits: quoted, unquoted, carriageReturn, lineStart.
        case fieldStart
        /// In text outside quotes. Exits: fieldStart, carriageReturn, lineStart, quoted (`copy`).
        case unquoted
        /// Inside quotes. Exits: quoteSeen, escapeSeen, unquoted (`copy`).
        case quoted
        /// Behind an escape that is not the quote. Exit: quoted.
        case escapeSeen
        /// Behind a quote inside quotes. Exits: quoted (doubled, or lenient text), fieldStart,
        /// carriageReturn, lineStart, blankAfterQuote (`lenient`); else a fault.
        case quoteSeen
        /// `lenient`: behind blanks that follow a quote. Exits: quoted, fieldStart, lineStart.
        case blankAfterQuote
        /// Behind a CR that may end the line. Exits: lineStart, secondReturn, what
        /// `afterLoneReturn` says; else a fault.
        case carriageReturn
        /// Behind CR CR. Exits: as carriageReturn.
        case secondReturn
        /// In a line that is passed over. Exits: carriageReturn, lineStart.
        case passedLine
        /// In the rest of a malformed line. Exits: lineStart, discarding.
        case malformedRest
        /// In the rest of a line too long to hold. Exit: lineStart.
        case discarding
        /// Behind a 0x1A that began a line. Exits: unquoted, passedLine, or the end of the input.
        case substituteSeen
    }

    enum Event {
        case needsInput
        /// The line's content ends at `contentEnd`, the next line starts at `next`.
        case lineEnded(next: Int)
        case loneReturn
        case textAfterQuote
        /// The record is longer than may be held.
        case limitReached
    }

    let dialect: Dialect
    let maxRecordBytes: Int
    let recovers: Bool
    var width: Int?
    var expectsHeader: Bool
    var skippedLinesLeft: Int

    var state = State.lineStart
    var lineEnd = LineEnd.undecided
    /// The next byte to look at.
    var position = 0
    var recordStart = 0
    var contentEnd = 0
    /// Delimiters seen in this record.
    var delimiters = 0
    /// The quote that opened the present, or the last, quoted field.
    var quoteOpened = 0
    /// The last quote that closed a field, or may have.
    var quoteClosed = -1
    /// Where a lone CR leads; nil: it is a fault.
    var afterLoneReturn: State?
    /// The first fault of a record that is read to its end before it is reported.
    var pendingFault: PendingFault?
    /// Records that start before it were behind a stray quote.
    var recoveredEnd = 0

    /// The source's byte that position 0 stands for.
    var origin = 0
    /// A line start and its number: lines are counted from here, and only when they are asked for.
    var mark = (position: 0, line: 1)
    /// All before it is settled and need not be held.
    var consumed = 0
    /// Where a line begins whose bytes go nowhere, once some of them are consumed.
    var unheldStart: Int?

    struct PendingFault {
        var fault: MalformedRecord.Fault
        /// In the source.
        var start: Int
        var line: Int
        var faultLine: Int
        var faultOffset: Int
    }

    init(
        dialect: Dialect, width: Int?, hasHeader: Bool, skipLines: Int, recovers: Bool
    ) {
        self.dialect = dialect
        self.maxRecordBytes = dialect.maxRecordBytes.bytes
        self.width = width
        self.expectsHeader = hasHeader
        self.skippedLinesLeft = skipLines
        self.recovers = recovers
    }

    mutating func begin(at start: Int) {
        position = start
        recordStart = start
        consumed = start
        mark.position = start
    }

    /// Tells the scanner that the first `count` bytes are no longer held.
    mutating func rebase(droppingFirst count: Int) {
        precondition(count <= consumed, "bytes dropped that are not settled")
        // The lines among the dropped bytes can't be counted later.
        precondition(mark.position >= count, "lines not counted before their bytes are dropped")
        position -= count
        recordStart -= count
        contentEnd -= count
        quoteOpened -= count
        quoteClosed -= count
        recoveredEnd -= count
        consumed -= count
        unheldStart = unheldStart.map { $0 - count }
        mark.position -= count
        origin += count
    }

    /// The number of the line that starts at `position`; counts from the last one asked for.
    mutating func countLines(to position: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        if position > mark.position {
            mark.line += bytes.lineCount(in: mark.position..<position, endedBy: lineEnd)
            mark.position = position
        }
        return mark.line
    }

    /// The number of the line that `position`, not before the record's start, stands on.
    mutating func line(of position: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        let first = countLines(to: recordStart, in: bytes)
        guard position > recordStart else { return first }
        return first + bytes.lineCount(in: recordStart..<position, endedBy: lineEnd)
    }
}

// MARK: One byte after the other

extension ReferenceScanner {
    var isInsideQuotes: Bool { state == .quoted || state == .escapeSeen }

    /// Reads on to the next event, or as far as `stop`.
    mutating func advance(_ bytes: UnsafeRawBufferPointer, upTo stop: Int) -> Event {
        while true {
            let limit = state.needsNotBeHeld ? stop : recordStart + maxRecordBytes
            if let event = advance(bytes, to: min(stop, limit)) { return event }
            if position >= stop { return .needsInput }
            guard state.needsNotBeHeld || mayStep(beyondLimitTo: bytes[position]) else {
                return .limitReached
            }
            if let event = step(bytes) { return event }
        }
    }

    /// Whether `byte` must be seen to know how the record stands at its limit.
    private func mayStep(beyondLimitTo byte: UInt8) -> Bool {
        if state.isBehindReturn || state == .substituteSeen { return true }
        let excess = position - recordStart - maxRecordBytes
        // Blanks between a lenient quote and what may close it: the slot holds no more.
        guard excess <= Self.lookAhead else { return false }
        // A record of just the longest length ends behind it.
        if excess == 0, byte.endsLine, !isInsideQuotes { return true }
        if isDoubledQuote(byte) { return true }
        return state.isBehindQuote && !byte.endsLine && byte != dialect.delimiter
    }

    /// `copy`: a quote doubled inside quotes closes and opens them, and the field stays the same.
    private func isDoubledQuote(_ byte: UInt8) -> Bool {
        dialect.quoting == .copy && byte == dialect.quote && dialect.escape == dialect.quote
            && state == .unquoted && quoteClosed == position - 1
    }

    private static let lookAhead = 32

    private var isBeyondLimit: Bool { position - recordStart > maxRecordBytes }

    @inline(__always)
    private mutating func advance(_ bytes: UnsafeRawBufferPointer, to limit: Int) -> Event? {
        while position < limit {
            if let event = step(bytes) { return event }
        }
        return nil
    }

    /// Looks at one byte, and moves on if that settles what it is.
    @inline(__always)
    private mutating func step(_ bytes: UnsafeRawBufferPointer) -> Event? {
        let byte = bytes[position]
        switch state {
        case .lineStart:
            beginLine(byte)
            return nil
        case .quoteSeen:
            return stepBehindQuote(byte)
        case .blankAfterQuote:
            return stepBehindBlank(byte)
        case .carriageReturn, .secondReturn:
            return stepBehindReturn(byte)
        case .substituteSeen:
            // Not the last byte, so it is text.
            state = skippedLinesLeft > 0 ? .passedLine : .unquoted
            return nil
        case .fieldStart, .unquoted, .quoted, .escapeSeen, .passedLine, .malformedRest,
            .discarding:
            let event = stepOver(byte)
            position += 1
            return event
        }
    }

    @inline(__always)
    private mutating func stepOver(_ byte: UInt8) -> Event? {
        switch state {
        case .fieldStart: return stepInFieldStart(byte)
        case .unquoted: return stepOutsideQuotes(byte)
        case .quoted: stepInsideQuotes(byte)
        case .passedLine: return stepInPassedLine(byte, afterLoneReturn: .passedLine)
        case .malformedRest, .discarding: return stepInMalformedRest(byte)
        default: state = .quoted
        }
        return nil
    }

    private mutating func beginLine(_ byte: UInt8) {
        if byte == .substitute, byte != dialect.delimiter, byte != dialect.quote {
            state = .substituteSeen
            position += 1
        } else if skippedLinesLeft > 0 || byte == dialect.comment {
            state = .passedLine
        } else {
            state = .fieldStart
        }
    }

    private mutating func stepInFieldStart(_ byte: UInt8) -> Event? {
        if byte == dialect.quote, dialect.quoting != .none {
            quoteOpened = position
            state = .quoted
            return nil
        }
        if dialect.quoting == .lenient, byte.isBlank, byte != dialect.delimiter { return nil }
        return stepOutsideQuotes(byte)
    }

    private mutating func stepOutsideQuotes(_ byte: UInt8) -> Event? {
        if byte == dialect.delimiter {
            delimiters += 1
            state = .fieldStart
        } else if byte == .lineFeed {
            return endLine(contentEnd: position, next: position + 1)
        } else if byte == .carriageReturn {
            beginReturn(afterLoneReturn: nil)
        } else if byte == dialect.quote, dialect.quoting == .copy {
            if !isDoubledQuote(byte) { quoteOpened = position }
            state = .quoted
        } else {
            state = .unquoted
        }
        return nil
    }

    private mutating func stepInsideQuotes(_ byte: UInt8) {
        if byte == dialect.quote {
            state = dialect.quoting == .copy ? .unquoted : .quoteSeen
            quoteClosed = position
        } else if byte == dialect.escape {
            state = .escapeSeen
        }
    }

    /// Moves on itself, since a byte that turns out to be text is looked at again.
    private mutating func stepBehindQuote(_ byte: UInt8) -> Event? {
        if byte == dialect.quote {
            state = .quoted
            position += 1
            return nil
        }
        if byte == dialect.delimiter || byte.endsLine { return stepBehindBlank(byte) }
        guard dialect.quoting == .lenient else { return .textAfterQuote }
        return stepBehindBlank(byte)
    }

    private mutating func stepBehindBlank(_ byte: UInt8) -> Event? {
        if byte == .carriageReturn {
            beginReturn(afterLoneReturn: dialect.quoting == .lenient ? .quoted : nil)
        } else if byte == dialect.delimiter || byte == .lineFeed {
            let event = stepOutsideQuotes(byte)
            position += 1
            return event
        } else if byte.isBlank {
            state = .blankAfterQuote
        } else {
            state = .quoted
            return nil
        }
        position += 1
        return nil
    }

    private mutating func beginReturn(afterLoneReturn state: State?) {
        contentEnd = position
        afterLoneReturn = state
        self.state = .carriageReturn
    }

    private mutating func stepBehindReturn(_ byte: UInt8) -> Event? {
        if byte == .lineFeed {
            return endLine(contentEnd: contentEnd, next: position + 1)
        }
        if byte == .carriageReturn, state == .carriageReturn {
            state = .secondReturn
            position += 1
            return nil
        }
        return resolveLoneReturn()
    }

    /// The CR at `contentEnd` is followed neither by LF nor by CR LF.
    private mutating func resolveLoneReturn() -> Event? {
        if lineEnd != .lineFeed {
            lineEnd = .carriageReturn
            return .lineEnded(next: contentEnd + 1)
        }
        guard let afterLoneReturn else { return .loneReturn }
        state = afterLoneReturn
        position = contentEnd + 1
        return nil
    }

    private mutating func endLine(contentEnd: Int, next: Int) -> Event {
        if lineEnd == .undecided { lineEnd = .lineFeed }
        self.contentEnd = contentEnd
        return .lineEnded(next: next)
    }

    private mutating func stepInPassedLine(_ byte: UInt8, afterLoneReturn: State) -> Event? {
        if byte == .lineFeed { return endLine(contentEnd: position, next: position + 1) }
        if byte == .carriageReturn { beginReturn(afterLoneReturn: afterLoneReturn) }
        return nil
    }

    private mutating func stepInMalformedRest(_ byte: UInt8) -> Event? {
        if lineEnd == .lineFeed, byte == .carriageReturn { return nil }
        return stepInPassedLine(byte, afterLoneReturn: state)
    }

    /// What the end of the input makes of the present line; nil: there is none.
    mutating func advanceAtEnd(_ bytes: UnsafeRawBufferPointer) -> Event? {
        switch state {
        case .lineStart, .substituteSeen:
            consumed = position
            return nil
        case .quoted, .escapeSeen:
            return .limitReached
        case .secondReturn:
            return resolveLoneReturn() ?? .needsInput
        case .carriageReturn:
            return .lineEnded(next: position)
        case .quoteSeen where isBeyondLimit, .blankAfterQuote where isBeyondLimit:
            return .limitReached
        case .fieldStart, .unquoted, .quoteSeen, .blankAfterQuote, .passedLine, .malformedRest,
            .discarding:
            contentEnd = position
            return .lineEnded(next: position)
        }
    }
}

extension ReferenceScanner.State {
    /// The bytes of such a line go nowhere, so it may be of any length.
    var needsNotBeHeld: Bool { self == .passedLine || self == .discarding }
    var isBehindQuote: Bool { self == .quoteSeen || self == .blankAfterQuote }
    var isBehindReturn: Bool { self == .carriageReturn || self == .secondReturn }
}

extension UInt8 {
    var endsLine: Bool { self == .lineFeed || self == .carriageReturn }
    var isBlank: Bool { self == .space || self == .tab }
}
