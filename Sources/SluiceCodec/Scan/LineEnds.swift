import CKernels

/// What ends a line in a file: its first line end outside quotes decides.
public enum LineEnd: Sendable {
    case undecided
    /// LF, CRLF and CR CR LF.
    case lineFeed
    /// CR, too.
    case carriageReturn
}

extension UnsafeRawBufferPointer {
    /// The number of physical lines that end in `range`, which begins at the start of a line.
    public func lineCount(in range: Range<Int>, endedBy lineEnd: LineEnd) -> Int {
        switch lineEnd {
        case .undecided, .lineFeed: count(of: .lineFeed, in: range)
        case .carriageReturn: carriageReturnLineCount(in: range)
        }
    }

    private func count(of byte: UInt8, in range: Range<Int>) -> Int {
        let bytes = self[range]
        guard !bytes.isEmpty else { return 0 }
        let start = baseAddress!.assumingMemoryBound(to: UInt8.self) + range.lowerBound
        return sluice_count(start, bytes.count, byte)
    }

    private func carriageReturnLineCount(in range: Range<Int>) -> Int {
        var total = 0
        var start = range.lowerBound
        while let next = nextLineStart(
            after: start, before: range.upperBound, endedBy: .carriageReturn)
        {
            total += 1
            start = next
        }
        return total
    }

    /// The start of the line behind the one that `position` stands on, or nil when that line
    /// does not end before `limit`.
    func nextLineStart(after position: Int, before limit: Int, endedBy lineEnd: LineEnd) -> Int? {
        var position = position
        while position < limit {
            let byte = self[position]
            position += 1
            if byte == .lineFeed { return position }
            if byte == .carriageReturn, lineEnd == .carriageReturn {
                return self[position..<limit].lineStart(behindReturn: position)
            }
        }
        return nil
    }

    /// The content of the line `range`: without what ends it.
    ///
    /// - Parameter isLast: the input ends with it, and so a CR may end it.
    func lineContent(
        _ range: Range<Int>, endedBy lineEnd: LineEnd, isLast: Bool
    ) -> Range<Int> {
        var end = range.upperBound
        func drop(_ byte: UInt8) -> Bool {
            guard end > range.lowerBound, self[end - 1] == byte else { return false }
            end -= 1
            return true
        }
        let hadLineFeed = drop(.lineFeed)
        if hadLineFeed || isLast || lineEnd == .carriageReturn {
            let hadReturn = drop(.carriageReturn)
            if hadLineFeed, hadReturn { _ = drop(.carriageReturn) }
        }
        return range.lowerBound..<end
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// Behind a CR that ends a line stands the next one, or else the LF or CR LF that goes with it.
    fileprivate func lineStart(behindReturn start: Int) -> Int {
        if first == .lineFeed { return start + 1 }
        return starts(with: [.carriageReturn, .lineFeed]) ? start + 2 : start
    }
}
