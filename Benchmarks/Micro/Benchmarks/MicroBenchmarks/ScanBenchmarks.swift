import Benchmark
import SluiceCodec

/// Where records end, by both engines, and how many lines there are.
func scanBenchmarks(_ inputs: [Input]) {
    for input in inputs {
        for engine in [RecordScanner.Engine.blocks, .reference] {
            Benchmark("scan/\(input.name) \(engine)") { benchmark in
                measureScan(benchmark, input, engine)
            }
        }
    }
    for (lineEnd, name) in [(LineEnd.lineFeed, "LF"), (.carriageReturn, "CR")] {
        Benchmark("count lines/\(name)") { benchmark in
            measureLineCount(benchmark, .narrow, lineEnd)
        }
    }
}

private func measureScan(
    _ benchmark: Benchmark, _ input: Input, _ engine: RecordScanner.Engine
) {
    let none = RecordBounds(start: 0, end: 0)
    // One more than there are, or the index is full before the end.
    var storage = [RecordBounds](repeating: none, count: input.records.count + 64)
    storage.withUnsafeMutableBufferPointer { storage in
        input.bytes.withUnsafeBytes { bytes in
            let bytes = UnsafeRawBufferPointer(rebasing: bytes[..<input.byteCount])
            benchmark.measurePass(bytes: bytes.count) {
                blackHole(scan(bytes, width: input.types.count, engine, into: storage))
            }
        }
    }
}

/// - Parameter lineEnd: carriage returns are looked for in lines that end with line feeds: the
///   walk is the same.
private func measureLineCount(_ benchmark: Benchmark, _ input: Input, _ lineEnd: LineEnd) {
    input.bytes.withUnsafeBytes { bytes in
        benchmark.measurePass(bytes: input.byteCount) {
            blackHole(bytes.lineCount(in: 0..<input.byteCount, endedBy: lineEnd))
        }
    }
}
