import SluiceCore

/// The fast path: 64 bytes at a time, as bit masks.
///
/// A block in which every quote opens a field, closes one before a delimiter, a line end or a
/// quote, or is doubled, is read alike in every quoting: whether a byte stands inside quotes is
/// the parity of the quotes before it. Any other block is left to the reference scanner.
extension RecordScanner {
    static let blockLength = Block.length

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
            let width = reference.width, var context = Block.Context(reference),
            let base = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        else { return nil }
        var (position, delimiters) = (reference.position, reference.delimiters)
        // The last byte held may be the input's last, which has rules of its own.
        while position + Self.blockLength < bytes.count, hasRoom(index, at: position) {
            guard var block = Block(base + position, context, reference.dialect) else { break }
            while let lineEnd = block.nextLineEnd(&delimiters) {
                let next = position + lineEnd + 1
                reference.contentEnd = contentEnd(before: next - 1, base)
                guard delimiters + 1 == width else {
                    reference.delimiters = delimiters
                    return reference.endLine(at: next, bytes, &index)
                }
                reference.appendRecord(&index)
                reference.recordStart = next
                reference.consumed = next
                delimiters = 0
            }
            if block.opening != 0 {
                reference.quoteOpened = position + 63 - block.opening.leadingZeroBitCount
            }
            position += Self.blockLength
            context = block.end
        }
        if position > reference.position { reference.resume(at: position, delimiters, context) }
        return nil
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
        switch context {
        case .insideQuotes:
            state = .quoted
        case .behindQuote:
            quoteClosed = position - 1
            state = dialect.quoting == .copy ? .unquoted : .quoteSeen
        case .behindSeparator:
            state = recordStart == position ? .lineStart : .fieldStart
        case .unquoted:
            state = .unquoted
        }
    }
}
