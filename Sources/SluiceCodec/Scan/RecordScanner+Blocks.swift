import CKernels
import SluiceCore

/// The fast path: 64 bytes at a time, as bit masks.
///
/// A block in which every quote opens a field, closes one before a delimiter, a line end or a
/// quote, or is doubled, is read alike in every quoting: whether a byte stands inside quotes is
/// the parity of the quotes before it. Any other block is left to the reference scanner.
extension RecordScanner {
    static let blockLength = Block.length
    /// Blocks whose masks are found at a time: 4 KiB.
    private static let masksAtOnce = 64

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
            index.malformed.count < RecordIndex.malformedCapacity,
            let width = reference.width, let context = Block.Context(reference),
            let base = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        else { return nil }
        return withUnsafeTemporaryAllocation(
            of: sluice_line_masks.self, capacity: Self.masksAtOnce
        ) {
            scanBlocks(bytes, base, width, context, $0.baseAddress!, into: &index)
        }
    }

    @inline(__always)
    private mutating func scanBlocks(
        _ bytes: UnsafeRawBufferPointer, _ base: UnsafePointer<UInt8>, _ width: Int,
        _ context: Block.Context, _ masks: UnsafeMutablePointer<sluice_line_masks>,
        into index: inout RecordIndex
    ) -> ScanProgress? {
        var context = context
        var (position, delimiters) = (reference.position, reference.delimiters)
        let quotesMean: UInt64 = reference.dialect.quoting == .none ? 0 : .max
        let (delimiter, quote) = (reference.dialect.delimiter, reference.dialect.quote)
        // Few at first: what is not well formed goes elsewhere, and the masks behind it are void.
        var (next, ready, wanted) = (0, 0, 4)
        // The last byte held may be the input's last, which has rules of its own.
        while position + Self.blockLength < bytes.count, hasRoom(index, at: position) {
            if next == ready {
                noteOpening(in: masks, next, before: position)
                ready = min(wanted, (bytes.count &- 1 &- position) / Self.blockLength)
                sluice_find_lines(base + position, ready, delimiter, quote, masks)
                (next, wanted) = (0, Self.masksAtOnce)
            }
            guard var block = Block(masks[next], context, quotesMean: quotesMean) else { break }
            next &+= 1
            while let lineEnd = block.nextLineEnd(&delimiters) {
                let nextLine = position + lineEnd + 1
                reference.contentEnd = contentEnd(before: nextLine - 1, base)
                guard delimiters + 1 == width else {
                    reference.delimiters = delimiters
                    noteOpening(in: masks, next &- 1, before: position)
                    return reference.endLine(at: nextLine, bytes, &index)
                }
                reference.appendRecord(&index)
                reference.recordStart = nextLine
                reference.consumed = nextLine
                delimiters = 0
            }
            // Looked at later: whether a quote opens a field in a block comes by chance.
            masks[next &- 1].quotes = block.opening
            position += Self.blockLength
            context = block.end
        }
        noteOpening(in: masks, next, before: position)
        if position > reference.position { reference.resume(at: position, delimiters, context) }
        return nil
    }

    /// Notes the last quote that opened a field in some blocks, whose masks hold such quotes only.
    ///
    /// - Parameters:
    ///   - count: how many blocks.
    ///   - position: where they end.
    private mutating func noteOpening(
        in masks: UnsafeMutablePointer<sluice_line_masks>, _ count: Int, before position: Int
    ) {
        for block in 0..<count {
            let opening = masks[count - 1 - block].quotes
            guard opening != 0 else { continue }
            let end = position - block * Self.blockLength
            reference.quoteOpened = end - 1 - opening.leadingZeroBitCount
            return
        }
    }

    /// Whether a block fits: in the index, and in the longest record.
    @inline(__always)
    private func hasRoom(_ index: RecordIndex, at position: Int) -> Bool {
        index.count + Self.blockLength <= index.bounds.count
            && position + Self.blockLength <= reference.recordStart + reference.maxRecordBytes
    }

    @inline(__always)
    private func contentEnd(before lineFeed: Int, _ base: UnsafePointer<UInt8>) -> Int {
        let hasReturn = lineFeed > reference.recordStart && base[lineFeed - 1] == .carriageReturn
        return hasReturn ? lineFeed - 1 : lineFeed
    }
}

extension Block.Context {
    /// nil: a state for the reference scanner.
    @inline(__always)
    fileprivate init?(_ scanner: ReferenceScanner) {
        switch scanner.state {
        case .lineStart, .fieldStart: self = .behindSeparator
        case .unquoted: self = scanner.isBehindCopyQuote ? .behindQuote : .unquoted
        case .quoted: self = .insideQuotes
        case .quoteSeen: self = .behindQuote
        case .escapeSeen, .blankAfterQuote, .carriageReturn, .secondReturn, .passedLine,
            .malformedRest, .discarding, .substituteSeen:
            return nil
        }
    }
}

extension ReferenceScanner {
    /// `copy`: a quote that stands here next doubles the one before it.
    fileprivate var isBehindCopyQuote: Bool {
        dialect.quoting == .copy && quoteClosed == position - 1
    }

    /// Takes on the state behind blocks whose line ends have been dealt with.
    fileprivate mutating func resume(
        at position: Int, _ delimiters: Int, _ context: Block.Context
    ) {
        self.position = position
        self.delimiters = delimiters
        if context.inside != 0 {
            state = .quoted
        } else if context.quote != 0 {
            quoteClosed = position - 1
            state = dialect.quoting == .copy ? .unquoted : .quoteSeen
        } else if context.separator != 0 {
            state = recordStart == position ? .lineStart : .fieldStart
        } else {
            state = .unquoted
        }
    }
}
