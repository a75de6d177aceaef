/// A field as the file gives it, its quoting taken out.
public struct FieldValue: Hashable, Sendable {
    public var bytes: [UInt8]
    public var isQuoted: Bool
}

/// The values of one record, for a header or a message: not for the hot path.
public func fieldValues(
    of record: RecordBounds, in bytes: UnsafeRawBufferPointer, width: Int? = nil,
    dialect: Dialect
) -> [FieldValue] {
    let pointer = bytes.assumingMemoryBound(to: UInt8.self).baseAddress!
    let splitter = FieldSplitter(dialect: dialect)
    let decoder = FieldDecoder(dialect: dialect)
    // A record has at most one field more than it has bytes.
    let room = width ?? Int(record.end - record.start) + 1
    return withUnsafeTemporaryAllocation(of: FieldSpan.self, capacity: room) { fields in
        var isUsual = true
        let count = splitter.split(
            pointer, record, into: fields.baseAddress!, isUsual: &isUsual)
        return fields[..<count].map { field in
            FieldValue(
                bytes: decoder.value(of: field, in: pointer), isQuoted: field.form != .plain)
        }
    }
}
