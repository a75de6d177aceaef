extension BinaryRecordWriter {
    /// Writes a value without its length, and answers how many bytes; nil: not sure.
    ///
    /// - Parameter text: perhaps where it is to be written; any bytes, since whether a record is
    ///   text may be seen after its values, and what they became is void then.
    @inline(__always)
    func writeValue(
        _ text: FieldText, _ column: UnsafePointer<BinaryColumn>,
        to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        switch column.pointee.kind {
        case .int8: write(IntegerEncoding.int8(text), to: output)
        case .int4: write(IntegerEncoding.int4(text), to: output)
        case .int2: write(IntegerEncoding.int2(text), to: output)
        case .oid: write(IntegerEncoding.oid(text), to: output)
        case .bool: write(IntegerEncoding.truth(text), to: output)
        case .float8: write(FloatEncoding.double(text, powers), to: output)
        case .float4: write(FloatEncoding.float(text, powers), to: output)
        case .numeric: NumericEncoding.encode(text, column.pointee.bounds, into: output)
        case .date: write(TimeEncoding.date(text), to: output)
        case .time: write(TimeEncoding.time(text), to: output)
        case .timetz: writeTimetz(text, column.pointee.session, to: output)
        case .timestamp: write(TimeEncoding.timestamp(text, column.pointee.session), to: output)
        case .timestamptz: write(TimeEncoding.timestamptz(text, column.pointee.session), to: output)
        case .interval: IntervalEncoding.encode(text, into: output)
        case .uuid: HexEncoding.uuid(text, into: output) ? 16 : nil
        case .bytea: HexEncoding.bytea(text, into: output)
        case .inet: AddressEncoding.encode(text, isNetwork: false, into: output)
        case .cidr: AddressEncoding.encode(text, isNetwork: true, into: output)
        case .text: copy(text, to: output)
        case .limited:
            TextCheck.hasAtMost(Int(column.pointee.limit), text) ? copy(text, to: output) : nil
        case .char, .name, .json, .jsonb, .enumeration: writeText(text, column.pointee, to: output)
        case .array: writeArray(text, column.pointee, to: output)
        }
    }

    @inline(__always)
    private func write<Number: FixedWidthInteger>(
        _ number: Number?, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        guard let number else { return nil }
        output.store(number)
        return MemoryLayout<Number>.size
    }

    @inline(__always)
    private func writeTimetz(
        _ text: FieldText, _ session: SessionTime, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        guard let time = TimeEncoding.timetz(text, session) else { return nil }
        output.store(time.0)
        (output + 8).store(time.west)
        return 12
    }

    // MARK: Text

    @inline(__always)
    private func copy(_ text: FieldText, to output: UnsafeMutablePointer<UInt8>) -> Int {
        if text.start != output { output.copy(text) }
        return text.count
    }

    private func writeText(
        _ text: FieldText, _ column: BinaryColumn, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        switch column.kind {
        case .char:
            guard text.count == 1, text[0] < 0x80 else { return nil }
        case .name:
            guard text.count <= Self.nameBytesMax else { return nil }
        case .json:
            guard JSONCheck.accepts(text) else { return nil }
        case .jsonb:
            guard JSONCheck.accepts(text) else { return nil }
            output[0] = Self.jsonbVersion
            return copy(text, to: output + 1) + 1
        default:
            guard labels.contains(text, in: Int(column.limit)) else { return nil }
        }
        return copy(text, to: output)
    }

    private static let nameBytesMax = 63
    private static let jsonbVersion: UInt8 = 1
}
