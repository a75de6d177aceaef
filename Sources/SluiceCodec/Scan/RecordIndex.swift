/// Where a record lies in its batch, its line end not included.
public struct RecordBounds: Hashable, Sendable {
    public var start: UInt32
    public var end: UInt32

    public init(start: UInt32, end: UInt32) {
        self.start = start
        self.end = end
    }

    @inline(__always)
    init(_ start: Int, _ end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
    }
}

/// A record that is not what the dialect and the width ask for.
public struct MalformedRecord: Hashable, Sendable {
    public enum Fault: Hashable, Sendable {
        /// As many fields as counted, not as many as there are columns.
        case width(found: Int)
        /// Neither a delimiter nor a line end behind a closing quote.
        case textAfterQuote
        /// The input, or what may be held of it, ends inside quotes.
        case unclosedQuote
        /// A carriage return that ends no line, in a file whose lines end with line feeds.
        case loneCarriageReturn
        /// Longer than the dialect's `maxRecordBytes`.
        case tooLong
    }

    public var fault: Fault
    /// Byte range in the source, the line end included.
    public var start: Int
    public var end: Int
    /// The line on which the record begins, from 1.
    public var line: Int
    /// The line and the byte of the fault: for quotes, where the quote opened.
    public var faultLine: Int
    public var faultOffset: Int
    /// Too long to be held: `end` says how far it goes, its bytes are gone.
    public var isOmitted: Bool
    /// How many good records stand before it in its batch.
    public var precedingRecords: Int
}

/// What a scan found, in memory that the caller owns.
public struct RecordIndex {
    public static let malformedCapacity = 4_096

    let bounds: UnsafeMutableBufferPointer<RecordBounds>
    public internal(set) var count = 0
    public internal(set) var malformed: [MalformedRecord] = []
    /// Blank, comment and skipped lines.
    public internal(set) var linesPassed = 0
    /// Records that recovery delivered from behind a stray quote.
    public internal(set) var recovered = 0

    /// - Parameter bounds: not empty, and valid as long as the index is used.
    public init(bounds: UnsafeMutableBufferPointer<RecordBounds>) {
        precondition(!bounds.isEmpty)
        self.bounds = bounds
    }

    public var records: UnsafeBufferPointer<RecordBounds> {
        UnsafeBufferPointer(rebasing: bounds[..<count])
    }

    @inline(__always)
    var isFull: Bool {
        count == bounds.count || malformed.count >= Self.malformedCapacity
    }

    public mutating func removeAll() {
        count = 0
        malformed.removeAll(keepingCapacity: true)
        linesPassed = 0
        recovered = 0
    }

    @inline(__always)
    mutating func append(_ record: RecordBounds) {
        bounds[count] = record
        count += 1
    }
}
