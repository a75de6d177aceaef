import CKernels
import SluiceCore

/// The fast path: 64 bytes at a time, as bit masks.
///
/// A block in which every quote opens a field, closes one before a delimiter, a line end or a
/// quote, or is doubled, is read alike in every quoting: whether a byte stands inside quotes is
/// the parity of the quotes before it. Any other block is left to the reference scanner.
extension RecordScanner {
    static let blockLength = 64

    static func canUseBlocks(_ dialect: Dialect) -> Bool {
        let hasOwnEscape = dialect.quoting != .none && dialect.escape != dialect.quote
        return !hasOwnEscape && dialect.comment == nil
            && dialect.maxRecordBytes.bytes >= blockLength
    }

    /// Reads on as long as blocks are well formed.
    ///
    /// - Returns: nil where the reference scanner must go on.
    @inline(__always)
    mutating func scanBlocks(
        _ bytes: UnsafeRawBufferPointer, into index: inout RecordIndex
    ) -> ScanProgress? {
        guard reference.lineEnd == .lineFeed, !reference.expectsHeader,
            reference.skippedLinesLeft == 0, reference.pendingFault == nil,
            let width = reference.width,
            let base = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        else { return nil }
        // The last byte held may be the input's last, which has rules of its own.
        while reference.position + Self.blockLength < bytes.count, hasRoom(index) {
            guard var block = Block(at: reference.position, in: base, reference) else {
                return nil
            }
            while let lineEnd = block.nextLineEnd(&reference.delimiters) {
                let next = reference.position + lineEnd + 1
                reference.contentEnd = contentEnd(before: next - 1, base)
                guard reference.delimiters + 1 == width else {
                    return reference.endLine(at: next, bytes, &index)
                }
                reference.appendRecord(&index)
                reference.recordStart = next
                reference.consumed = next
                reference.delimiters = 0
            }
            block.end(&reference)
        }
        return nil
    }

    /// Whether a block fits: in the index, and in the longest record.
    @inline(__always)
    private func hasRoom(_ index: RecordIndex) -> Bool {
        index.count + Self.blockLength <= index.bounds.count
            && index.malformed.count < RecordIndex.malformedCapacity
            && reference.position + Self.blockLength
                <= reference.recordStart + reference.maxRecordBytes
    }

    @inline(__always)
    private func contentEnd(before lineFeed: Int, _ base: UnsafePointer<UInt8>) -> Int {
        let hasReturn = lineFeed > reference.recordStart && base[lineFeed - 1] == .carriageReturn
        return hasReturn ? lineFeed - 1 : lineFeed
    }
}

/// 64 well-formed bytes: bit i of a mask stands for byte i.
private struct Block {
    /// Outside quotes.
    private var delimiters: UInt64
    private var lineEnds: UInt64
    private let separators: UInt64
    private let quotes: UInt64
    /// From an opening quote up to the closing one, which is not in it.
    private let inside: UInt64
    /// Quotes that open a field.
    private let opening: UInt64

    /// nil: not well formed.
    @inline(__always)
    init?(at position: Int, in base: UnsafePointer<UInt8>, _ scanner: ReferenceScanner) {
        guard let start = Start(scanner) else { return nil }
        let bytes = base + position
        let dialect = scanner.dialect
        quotes = dialect.quoting == .none ? 0 : sluice_equal64(bytes, dialect.quote)
        inside = quotes == 0 ? start.inside : quotes.parity ^ start.inside
        delimiters = sluice_equal64(bytes, dialect.delimiter) & ~inside
        lineEnds = sluice_equal64(bytes, .lineFeed) & ~inside
        separators = delimiters | lineEnds
        let returns = sluice_equal64(bytes, .carriageReturn) & ~inside
        // Each CR outside quotes stands before an LF in the same block.
        guard returns & ~(lineEnds >> 1) == 0 else { return nil }
        let behindSeparator = separators << 1 | start.behindSeparator
        let opens = quotes & inside
        let closes = quotes & ~inside
        opening = opens & behindSeparator
        let followsQuote = closes << 1 | start.behindQuote
        // An opening quote stands at a field's start, or doubles the closing one before it.
        guard opens & ~(behindSeparator | followsQuote) == 0,
            followsQuote & ~(separators | returns | quotes) == 0
        else { return nil }
    }

    /// The state before the block, as masks.
    private struct Start {
        var inside: UInt64 = 0
        var behindSeparator: UInt64 = 0
        var behindQuote: UInt64 = 0

        /// nil: a state for the reference scanner.
        @inline(__always)
        init?(_ scanner: ReferenceScanner) {
            switch scanner.state {
            case .lineStart, .fieldStart: behindSeparator = 1
            case .unquoted: behindQuote = scanner.isBehindCopyQuote ? 1 : 0
            case .quoted: inside = .max
            case .quoteSeen: behindQuote = 1
            case .escapeSeen, .blankAfterQuote, .carriageReturn, .secondReturn, .passedLine,
                .malformedRest, .discarding, .substituteSeen:
                return nil
            }
        }
    }

    /// The next byte that ends a line, and adds the delimiters before it.
    @inline(__always)
    mutating func nextLineEnd(_ delimiterCount: inout Int) -> Int? {
        guard lineEnds != 0 else {
            delimiterCount += delimiters.nonzeroBitCount
            return nil
        }
        let before = (lineEnds & (~lineEnds &+ 1)) &- 1
        delimiterCount += (delimiters & before).nonzeroBitCount
        delimiters &= ~before
        defer { lineEnds &= lineEnds &- 1 }
        return lineEnds.trailingZeroBitCount
    }

    /// Leaves the scanner behind the block.
    @inline(__always)
    func end(_ scanner: inout ReferenceScanner) {
        let last: UInt64 = 1 << 63
        if opening != 0 {
            scanner.quoteOpened = scanner.position + 63 - opening.leadingZeroBitCount
        }
        scanner.position += RecordScanner.blockLength
        if inside & last != 0 {
            scanner.state = .quoted
        } else if quotes & last != 0 {
            scanner.quoteClosed = scanner.position - 1
            scanner.state = scanner.dialect.quoting == .copy ? .unquoted : .quoteSeen
        } else if scanner.recordStart == scanner.position {
            scanner.state = .lineStart
        } else {
            scanner.state = separators & last != 0 ? .fieldStart : .unquoted
        }
    }
}

extension ReferenceScanner {
    /// `copy`: a quote that stands here next doubles the one before it.
    fileprivate var isBehindCopyQuote: Bool {
        dialect.quoting == .copy && quoteClosed == position - 1
    }
}

extension UInt64 {
    /// Bit i: whether an odd number of the bits up to and with i is set.
    @inline(__always)
    fileprivate var parity: UInt64 {
        var bits = self
        bits ^= bits << 1
        bits ^= bits << 2
        bits ^= bits << 4
        bits ^= bits << 8
        bits ^= bits << 16
        bits ^= bits << 32
        return bits
    }
}
