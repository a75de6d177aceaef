extension BinaryRecordWriter {
    /// Writes a value without its length, and answers how many bytes; nil: not sure.
    ///
    /// - Parameter text: valid text, perhaps where it is to be written.
    @inline(__always)
    func writeValue(
        _ text: FieldText, _ column: BinaryColumn, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        switch column.kind {
        case .int8, .int4, .int2, .oid, .bool: writeInteger(text, column, to: output)
        case .float8, .float4: writeFloat(text, column, to: output)
        case .numeric: NumericEncoding.encode(text, column.bounds, into: output)
        case .date, .time, .timetz, .timestamp, .timestamptz:
            writeTime(text, column, to: output)
        case .interval: IntervalEncoding.encode(text, into: output)
        case .uuid: HexEncoding.uuid(text, into: output) ? 16 : nil
        case .bytea: HexEncoding.bytea(text, into: output)
        case .inet: AddressEncoding.encode(text, isNetwork: false, into: output)
        case .cidr: AddressEncoding.encode(text, isNetwork: true, into: output)
        case .text: copy(text, to: output)
        case .limited, .char, .name, .json, .jsonb, .enumeration:
            writeText(text, column, to: output)
        }
    }

    @inline(__always)
    private func writeInteger(
        _ text: FieldText, _ column: BinaryColumn, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        switch column.kind {
        case .int8:
            guard let number = IntegerEncoding.number(text, maximum: 1 << 63 - 1) else {
                return nil
            }
            output.store(number)
            return 8
        case .int4:
            guard let number = IntegerEncoding.number(text, maximum: 1 << 31 - 1) else {
                return nil
            }
            output.store(Int32(truncatingIfNeeded: number))
            return 4
        case .int2:
            guard let number = IntegerEncoding.number(text, maximum: 1 << 15 - 1) else {
                return nil
            }
            output.store(Int16(truncatingIfNeeded: number))
            return 2
        case .oid:
            guard let number = IntegerEncoding.oid(text) else { return nil }
            output.store(number)
            return 4
        default:
            guard let truth = IntegerEncoding.truth(text) else { return nil }
            output[0] = truth
            return 1
        }
    }

    @inline(__always)
    private func writeFloat(
        _ text: FieldText, _ column: BinaryColumn, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        if column.kind == .float8 {
            guard let bits = FloatEncoding.double(text, powers) else { return nil }
            output.store(bits)
            return 8
        }
        guard let bits = FloatEncoding.float(text, powers) else { return nil }
        output.store(bits)
        return 4
    }

    @inline(__always)
    private func writeTime(
        _ text: FieldText, _ column: BinaryColumn, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        let microseconds: Int64?
        switch column.kind {
        case .date:
            guard let days = TimeEncoding.date(text) else { return nil }
            output.store(days)
            return 4
        case .timetz:
            guard let time = TimeEncoding.timetz(text, column.session) else { return nil }
            output.store(time.0)
            (output + 8).store(time.west)
            return 12
        case .timestamp: microseconds = TimeEncoding.timestamp(text, column.session)
        case .timestamptz: microseconds = TimeEncoding.timestamptz(text, column.session)
        default: microseconds = TimeEncoding.time(text)
        }
        guard let microseconds else { return nil }
        output.store(microseconds)
        return 8
    }

    // MARK: Text

    @inline(__always)
    private func copy(_ text: FieldText, to output: UnsafeMutablePointer<UInt8>) -> Int {
        if text.start != output { output.copy(text) }
        return text.count
    }

    @inline(__always)
    private func writeText(
        _ text: FieldText, _ column: BinaryColumn, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        switch column.kind {
        case .limited:
            guard TextCheck.hasAtMost(Int(column.limit), text) else { return nil }
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
