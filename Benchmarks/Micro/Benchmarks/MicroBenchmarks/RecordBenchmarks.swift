import Benchmark
import SluiceCodec

/// Whole records, into pieces as long as the pipeline's.
func recordBenchmarks(_ inputs: [Input]) {
    for input in inputs {
        // All fields are dropped: what is left is the splitter, and a check that all is UTF-8.
        Benchmark("split/\(input.name)") { benchmark in
            let nothing = [BinaryType?](repeating: nil, count: input.types.count)
            BinaryPass(input, nothing).measure(benchmark)
        }
    }
    for input in inputs {
        Benchmark("encode text/\(input.name)") { measureText($0, input) }
    }
    for input in inputs {
        Benchmark("encode binary/\(input.name)") { BinaryPass(input, input.types).measure($0) }
    }
}

private let pieceLength = 256 << 10

/// One encoding of all records in COPY BINARY.
struct BinaryPass {
    private let input: Input
    private var encoder: BinaryEncoder

    init(_ input: Input, _ types: [BinaryType?]) {
        self.input = input
        let fields = types.map { FieldEncoding(isDropped: $0 == nil) }
        encoder = BinaryEncoder(
            layout: RecordLayout(dialect: input.dialect, fields: fields), types: types)
    }

    /// - Parameter values: how many there are; nil: they are not what counts.
    func measure(_ benchmark: Benchmark, values: Int? = nil) {
        var (encoder, unsure) = (encoder, [UInt32]())
        measurePieces(benchmark, input, values: values) { records, bytes, piece in
            encoder.encode(records, of: bytes, into: piece, unsure: &unsure).isFinished
        }
        precondition(unsure.isEmpty, "\(input.name): some values are not encoded")
    }
}

private func measureText(_ benchmark: Benchmark, _ input: Input) {
    let fields = input.types.map { _ in FieldEncoding() }
    var encoder = TextEncoder(layout: RecordLayout(dialect: input.dialect, fields: fields))
    measurePieces(benchmark, input, values: nil) { records, bytes, piece in
        encoder.encode(records, of: bytes, into: piece).isFinished
    }
}

/// - Parameter fill: fills a piece; answers whether it was the last.
private func measurePieces(
    _ benchmark: Benchmark, _ input: Input, values: Int?,
    fill: (
        UnsafeBufferPointer<RecordBounds>, UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer
    ) -> Bool
) {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceLength, alignment: 64)
    defer { piece.deallocate() }
    input.records.withUnsafeBufferPointer { records in
        input.bytes.withUnsafeBytes { bytes in
            benchmark.measurePass(bytes: input.byteCount, values: values) {
                while !fill(records, bytes, piece) {}
                blackHole(piece)
            }
        }
    }
}
