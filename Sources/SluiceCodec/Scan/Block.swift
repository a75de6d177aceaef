import CKernels

/// 64 well-formed bytes as masks: bit i stands for byte i.
///
/// Well formed: every quote opens a field, closes one before a delimiter, a line end or a quote,
/// or is doubled. Then all quotings read alike, and whether a byte stands inside quotes is the
/// parity of the quotes before it.
struct Block {
    static let length = 64

    /// What stands before the block.
    enum Context {
        case behindSeparator, unquoted, insideQuotes, behindQuote
    }

    /// Outside quotes.
    private(set) var delimiters: UInt64
    private(set) var lineEnds: UInt64
    /// Quotes that open a field.
    let opening: UInt64
    let end: Context

    /// nil: not well formed.
    @inline(__always)
    init?(_ bytes: UnsafePointer<UInt8>, _ context: Context, _ dialect: Dialect) {
        let quotes = dialect.quoting == .none ? 0 : sluice_equal64(bytes, dialect.quote)
        let hasReturn = sluice_has64(bytes, .carriageReturn) != 0
        delimiters = sluice_equal64(bytes, dialect.delimiter)
        lineEnds = sluice_equal64(bytes, .lineFeed)
        if quotes == 0, !hasReturn, context == .behindSeparator || context == .unquoted {
            opening = 0
            end = (delimiters | lineEnds) >> 63 != 0 ? .behindSeparator : .unquoted
            return
        }
        let before: UInt64 = context == .insideQuotes ? .max : 0
        // From an opening quote up to the closing one, which is not in it.
        let inside = quotes.parity ^ before
        delimiters &= ~inside
        lineEnds &= ~inside
        let separators = delimiters | lineEnds
        let returns = hasReturn ? sluice_equal64(bytes, .carriageReturn) & ~inside : 0
        // Each CR outside quotes stands before an LF in the same block.
        guard returns & ~(lineEnds >> 1) == 0 else { return nil }
        let behindSeparator = separators << 1 | (context == .behindSeparator ? 1 : 0)
        let opens = quotes & inside
        let closes = quotes & ~inside
        let behindQuote = closes << 1 | (context == .behindQuote ? 1 : 0)
        // An opening quote stands at a field's start, or doubles the closing one before it.
        guard opens & ~(behindSeparator | behindQuote) == 0,
            behindQuote & ~(separators | returns | quotes) == 0
        else { return nil }
        opening = opens & behindSeparator
        end = Self.context(last: inside, closes, separators)
    }

    @inline(__always)
    static func context(
        last inside: UInt64, _ closes: UInt64, _ separators: UInt64
    ) -> Context {
        let last: UInt64 = 1 << 63
        if inside & last != 0 { return .insideQuotes }
        if closes & last != 0 { return .behindQuote }
        return separators & last != 0 ? .behindSeparator : .unquoted
    }

    /// The next byte that ends a line; adds the delimiters before it, or at last the rest.
    @inline(__always)
    mutating func nextLineEnd(_ delimiterCount: inout Int) -> Int? {
        guard lineEnds != 0 else {
            delimiterCount += delimiters.nonzeroBitCount
            return nil
        }
        let before = lineEnds ^ (lineEnds &- 1)
        delimiterCount += (delimiters & before).nonzeroBitCount
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
