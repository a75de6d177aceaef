/// The values of one record, for a header or a message: not for the hot path.
public func fieldValues(
    of record: RecordBounds, in bytes: UnsafeRawBufferPointer, width: Int? = nil,
    dialect: Dialect
) -> [[UInt8]] {
    let pointer = bytes.assumingMemoryBound(to: UInt8.self).baseAddress!
    let splitter = FieldSplitter(dialect: dialect)
    let decoder = FieldDecoder(dialect: dialect)
    // A record has at most one field more than it has bytes.
    let room = width ?? Int(record.end - record.start) + 1
    return withUnsafeTemporaryAllocation(of: FieldSpan.self, capacity: room) { fields in
        let count = splitter.split(pointer, record, into: fields.baseAddress!)
        return fields[..<count].map { decoder.value(of: $0, in: pointer) }
    }
}
