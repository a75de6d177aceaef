/// A column that stands before those of each record.
public enum RecordPrefix: Hashable, Sendable {
    case none
    /// A number for each record.
    case numbers([UInt32])
    /// Where each record begins in its source: its place in the bytes at hand, counted from `base`.
    case offsets(base: Int)
}
