/// Finds where records end and settles their shape (which fields there are is the splitter's work).
///
/// The caller holds all bytes from `consumed` on and hands them over again at each call, followed
/// by what has come since; it may move them to the front of another buffer, if it says so with
/// `rebase`. Any byte may be the last of a call.
public struct RecordScanner: Sendable {
    /// How it looks at the bytes; what it finds is the same.
    public enum Engine: Sendable {
        /// One after the other.
        case reference
        /// 64 at a time where they are well formed, else one after the other.
        case blocks
    }

    var reference: ReferenceScanner
    private let usesBlocks: Bool

    /// - Parameters:
    ///   - width: the fields of a record; nil as long as the header, which tells it, is unread.
    ///   - skipLines: physical lines to pass over before all else.
    ///   - recovers: read on behind a malformed record; else the first one ends the scan.
    public init(
        dialect: Dialect, width: Int?, hasHeader: Bool, skipLines: Int = 0, recovers: Bool,
        engine: Engine = .blocks
    ) {
        usesBlocks = engine == .blocks && Self.canUseBlocks(dialect)
        reference = ReferenceScanner(
            dialect: dialect, width: width, hasHeader: hasHeader, skipLines: skipLines,
            recovers: recovers)
    }

    /// Says where the text begins, before the first scan: behind a BOM.
    public mutating func begin(at start: Int) {
        reference.begin(at: start)
    }

    /// Begins anew behind records that are not to be read, at the start of a line.
    ///
    /// - Parameters:
    ///   - offset: of the first byte that will be held, in the source.
    ///   - line: its number, from 1.
    public mutating func restart(at offset: Int, line: Int) {
        let lineEnd = reference.lineEnd
        reference = ReferenceScanner(
            dialect: reference.dialect, width: reference.width, hasHeader: false, skipLines: 0,
            recovers: reference.recovers)
        reference.lineEnd = lineEnd
        reference.origin = offset
        reference.mark.line = line
    }

    public var width: Int? {
        get { reference.width }
        set { reference.width = newValue }
    }

    /// All before it is settled and may be dropped.
    public var consumed: Int { reference.consumed }

    /// Where the last line begins that is settled in part only, or else `consumed`: a batch ends
    /// at the start of a line. Negative when that line's first bytes are no longer held.
    public var settledEnd: Int { reference.unheldStart ?? reference.consumed }

    /// Where a record begins, in the source, that is malformed and not yet at its end, nor in an
    /// index.
    public var malformedStart: Int? { reference.pendingFault?.start }

    /// The source's byte that stands first in what is held.
    public var origin: Int { reference.origin }

    /// Decided by the first one outside quotes, unless it is set before.
    public var lineEnd: LineEnd {
        get { reference.lineEnd }
        set { reference.lineEnd = newValue }
    }

    /// The number of the line at `consumed`, from 1.
    public mutating func lineAtConsumed(in bytes: UnsafeRawBufferPointer) -> Int {
        reference.countLines(to: reference.consumed, in: bytes)
    }

    /// The number of the line at `settledEnd`, from 1.
    public mutating func lineAtSettledEnd(in bytes: UnsafeRawBufferPointer) -> Int {
        reference.countLines(to: settledEnd, in: bytes)
    }

    /// Reads on, and appends what it finds to `index`.
    ///
    /// - Parameter isFinal: no more bytes will come.
    public mutating func scan(
        _ bytes: UnsafeRawBufferPointer, isFinal: Bool, into index: inout RecordIndex
    ) -> ScanProgress {
        while true {
            if usesBlocks, let progress = scanBlocks(bytes, into: &index) { return progress }
            let stop =
                usesBlocks
                ? min(bytes.count, reference.position + Self.blockLength) : bytes.count
            let progress = reference.scan(bytes, upTo: stop, isFinal: isFinal, into: &index)
            if let progress { return progress }
        }
    }

    /// To be called when the first `count` bytes, all consumed and their lines counted, are
    /// dropped and the others stand at the front.
    public mutating func rebase(droppingFirst count: Int) {
        reference.rebase(droppingFirst: count)
    }
}
