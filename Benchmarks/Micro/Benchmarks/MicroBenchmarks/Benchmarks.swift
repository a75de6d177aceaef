import Benchmark

/// What the tool runs.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        // The first, of passes, is what the tool's JSON is not made without.
        metrics: [.throughput, .bytesPerSecond, .valuesPerSecond], warmupIterations: 3,
        maxDuration: .seconds(1), maxIterations: 10_000)
    let inputs = [Input.typed, .quoted, .narrow]
    scanBenchmarks(inputs)
    recordBenchmarks(inputs)
    valueBenchmarks()
    loadBenchmarks(inputs)
}

extension BenchmarkMetric {
    static let bytesPerSecond = custom(
        "bytes per second", polarity: .prefersLarger, useScalingFactor: false)
    static let valuesPerSecond = custom(
        "values per second", polarity: .prefersLarger, useScalingFactor: false)
}

extension Benchmark {
    /// Measures one pass over so many bytes and, where they are told, values.
    func measurePass(bytes: Int, values: Int? = nil, _ pass: () -> Void) {
        tell(ContinuousClock().measure(pass), bytes: bytes, values: values)
    }

    /// Tells what has been done within `duration`.
    func tell(_ duration: Duration, bytes: Int, values: Int? = nil) {
        let seconds = duration / .seconds(1)
        measurement(.bytesPerSecond, Int(Double(bytes) / seconds))
        if let values { measurement(.valuesPerSecond, Int(Double(values) / seconds)) }
    }
}
