import CKernels

/// The fast path: a record whose values can be copied as they are.
extension TextEncoder {
    /// How much may be read and written beyond what is meant: values are copied 16 bytes at a time.
    private static let slack = 64

    /// Whether the record, once split, may go through `encodePlain`.
    @inline(__always)
    func isPlain(
        _ record: RecordBounds, of bytes: UnsafePointer<UInt8>, readable: Int, room: Int
    ) -> Bool {
        let (start, end) = (Int(record.start), Int(record.end))
        // A delimiter and, at most, a NULL for each field, and the line end.
        let longest = end - start + 3 * layout.width + 1
        guard end + Self.slack <= readable, longest + Self.slack <= room else { return false }
        var position = start
        while position < end {
            let special = specialBytes(bytes + position)
            let left = end - position
            guard (left < 64 ? special & ((1 << UInt64(left)) &- 1) : special) == 0 else {
                return false
            }
            position += 64
        }
        return true
    }

    /// What COPY's text format has to escape, in 64 bytes.
    @inline(__always)
    private func specialBytes(_ bytes: UnsafePointer<UInt8>) -> UInt64 {
        let tabs = layout.dialect.delimiter == .tab ? 0 : sluice_equal64(bytes, .tab)
        return tabs | sluice_equal64(bytes, .backslash) | sluice_equal64(bytes, .lineFeed)
            | sluice_equal64(bytes, .carriageReturn)
    }

    /// Writes a record without special bytes.
    ///
    /// - Returns: the bytes written; nil, and nothing is, if a value has quotes to be taken out.
    @inline(__always)
    func encodePlain(
        _ spans: UnsafeBufferPointer<FieldSpan>, of bytes: UnsafePointer<UInt8>,
        into output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        let isTabbed = layout.dialect.delimiter == .tab
        return layout.fields.withUnsafeBufferPointer { fields in
            var end = output
            var hasWritten = false
            for field in 0..<fields.count where !fields[field].isDropped {
                let span = spans[field]
                // A tab that parts the fields was not looked for; quoted it is data.
                guard span.form == .plain || (span.form == .quoted && !isTabbed) else {
                    return nil
                }
                if hasWritten { end.append(.tab) }
                hasWritten = true
                if isNull(span, fields[field], bytes) {
                    end.append(.backslash)
                    end.append(UInt8(ascii: "N"))
                } else {
                    end.append(bytes + Int(span.start), count: Int(span.end - span.start))
                }
            }
            end.append(.lineFeed)
            return end - output
        }
    }
}

extension UnsafeMutablePointer<UInt8> {
    @inline(__always)
    fileprivate mutating func append(_ byte: UInt8) {
        pointee = byte
        self += 1
    }

    @inline(__always)
    fileprivate mutating func append(_ bytes: UnsafePointer<UInt8>, count: Int) {
        if count <= 16 {
            let short = UnsafeRawPointer(bytes).loadUnaligned(as: SIMD16<UInt8>.self)
            UnsafeMutableRawPointer(self).storeBytes(of: short, as: SIMD16<UInt8>.self)
        } else {
            update(from: bytes, count: count)
        }
        self += count
    }
}
