import CKernels

/// 64 well-formed bytes as masks: bit i stands for byte i.
///
/// Well formed: every quote opens a field, closes one before a delimiter, a line end or a quote,
/// or is doubled. Then all quotings read alike, and whether a byte stands inside quotes is the
/// parity of the quotes before it.
struct Block {
    static let length = 64

    /// What the byte before a block is; bits instead of cases, which come by chance.
    struct Context {
        /// All bits, or none: it is inside quotes.
        var inside: UInt64
        /// 1 or 0: a delimiter or a line end outside quotes.
        var separator: UInt64
        /// 1 or 0: a quote that closes a field.
        var quote: UInt64

        static let behindSeparator = Context(inside: 0, separator: 1, quote: 0)
        static let unquoted = Context(inside: 0, separator: 0, quote: 0)
        static let insideQuotes = Context(inside: .max, separator: 0, quote: 0)
        static let behindQuote = Context(inside: 0, separator: 0, quote: 1)

        /// What the last byte of a block is.
        @inline(__always)
        static func last(inside: UInt64, _ separators: UInt64, _ closes: UInt64) -> Context {
            Context(inside: 0 &- inside >> 63, separator: separators >> 63, quote: closes >> 63)
        }
    }

    /// Outside quotes.
    private(set) var delimiters: UInt64
    private(set) var lineEnds: UInt64
    /// Quotes that open a field.
    let opening: UInt64
    let end: Context
    /// As many delimiters as have not been told yet.
    private var delimitersLeft: Int

    /// nil: not well formed.
    @inline(__always)
    init?(_ masks: sluice_line_masks, _ context: Context, quotesMean: UInt64) {
        let quotes = masks.quotes & quotesMean
        delimiters = masks.delimiters
        delimitersLeft = Int(truncatingIfNeeded: masks.delimiter_count)
        lineEnds = masks.line_feeds
        if quotes | masks.returns | context.inside | context.quote == 0 {
            opening = 0
            end = .last(inside: 0, delimiters | lineEnds, 0)
            return
        }
        // From an opening quote up to the closing one, which is not in it.
        let inside = quotes.parity ^ context.inside
        delimiters &= ~inside
        lineEnds &= ~inside
        let separators = delimiters | lineEnds
        delimitersLeft = delimiters.nonzeroBitCount
        let returns = masks.returns & ~inside
        // Each CR outside quotes stands before an LF in the same block.
        guard returns & ~(lineEnds >> 1) == 0 else { return nil }
        let behindSeparator = separators << 1 | context.separator
        let opens = quotes & inside
        let closes = quotes & ~inside
        let behindQuote = closes << 1 | context.quote
        // An opening quote stands at a field's start, or doubles the closing one before it.
        guard opens & ~(behindSeparator | behindQuote) == 0,
            behindQuote & ~(separators | returns | quotes) == 0
        else { return nil }
        opening = opens & behindSeparator
        end = .last(inside: inside, separators, closes)
    }

    /// The next byte that ends a line; adds the delimiters before it, or at last the rest.
    @inline(__always)
    mutating func nextLineEnd(_ delimiterCount: inout Int) -> Int? {
        guard lineEnds != 0 else {
            delimiterCount &+= delimitersLeft
            return nil
        }
        let before = lineEnds ^ (lineEnds &- 1)
        let count = (delimiters & before).nonzeroBitCount
        delimiterCount &+= count
        delimitersLeft &-= count
        delimiters &= ~before
        defer { lineEnds &= lineEnds &- 1 }
        return lineEnds.trailingZeroBitCount
    }
}

extension UInt64 {
    /// Bit i: whether an odd number of the bits up to and with i is set.
    @inline(__always)
    var parity: UInt64 {
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
