extension BinaryRecordWriter {
    /// Writes an array without its length, and answers how many bytes; nil: not sure.
    @inline(never)
    func writeArray(
        _ text: FieldText, _ column: BinaryColumn, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        guard var elements = ArrayText(text) else { return nil }
        guard !elements.isAtEnd else {
            return ArrayEncoding.writeEmpty(elementOID: column.elementOID, to: output)
        }
        let first = output + ArrayEncoding.headerLength
        guard let written = write(&elements, column.element, to: first) else { return nil }
        ArrayEncoding.writeHeader(elementOID: column.elementOID, count: written.count, to: output)
        return ArrayEncoding.headerLength + written.length
    }

    /// Writes the elements, each with its length; nil: not sure.
    private func write(
        _ elements: inout ArrayText, _ column: BinaryColumn, to output: UnsafeMutablePointer<UInt8>
    ) -> (count: Int, length: Int)? {
        var (count, end) = (0, output)
        return withUnsafePointer(to: column) { column in
            repeat {
                guard let element = elements.next(),
                    let length = write(element, column, to: end + ArrayEncoding.lengthBytes)
                else { return nil }
                end.store(Int32(truncatingIfNeeded: length))
                end += ArrayEncoding.lengthBytes + length
                count += 1
            } while !elements.isAtEnd
            return (count, end - output)
        }
    }

    @inline(__always)
    private func write(
        _ element: ArrayText.Element, _ column: UnsafePointer<BinaryColumn>,
        to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        guard element.isEscaped else { return writeValue(element.text, column, to: output) }
        guard column.pointee.isText else { return nil }
        let start = column.pointee.kind == .jsonb ? output + 1 : output
        let text = FieldText(start, count: element.unescape(into: start))
        return writeValue(text, column, to: output)
    }
}
