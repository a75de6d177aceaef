import Benchmark
import SluiceCodec

/// The stages of the codec, one at a time, on one core: a million records' worth of bytes is
/// walked again and again, so that a figure is bytes (or values) in a second.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput], warmupIterations: 2, scalingFactor: .one,
        maxDuration: .seconds(3))
    for set in RecordSet.all {
        scan(set)
        split(set)
        encode(set)
    }
    for value in ColumnValue.all { encode(value) }
}

/// Where records end, and their width.
private func scan(_ set: RecordSet) {
    for (name, engine) in [("blocks", RecordScanner.Engine.blocks), ("reference", .reference)] {
        Benchmark("scan \(set.name), \(name): MB") { benchmark in
            for _ in benchmark.scaledIterations { blackHole(set.scan(engine)) }
        }
    }
}

/// Split only: all fields are dropped.
private func split(_ set: RecordSet) {
    let records = set.scan(.blocks)
    Benchmark("split \(set.name): MB") { benchmark in
        for _ in benchmark.scaledIterations {
            blackHole(set.encode(records, types: set.types.map { _ in nil }))
        }
    }
}

private func encode(_ set: RecordSet) {
    let records = set.scan(.blocks)
    Benchmark("split and encode \(set.name), binary: MB") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(set.encode(records, types: set.types)) }
    }
    Benchmark("split and encode \(set.name), text: MB") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(set.encodeText(records)) }
    }
}

/// A column of one type and nothing else.
private func encode(_ value: ColumnValue) {
    let set = value.set
    let records = set.scan(.blocks)
    Benchmark("encode \(value.name): \(RecordSet.count) values") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(set.encode(records, types: set.types)) }
    }
}
