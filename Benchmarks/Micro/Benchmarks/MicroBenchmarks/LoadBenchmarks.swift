import Benchmark
import Foundation
import Sluice

/// The whole pipeline, over one connection, into unlogged tables that are emptied before each pass.
///
/// The ring and the COPY session have no public interface: here they are measured with the rest.
func loadBenchmarks(_ inputs: [Input]) {
    guard ProcessInfo.processInfo.environment["PGHOST"] != nil else {
        let note = "======== SKIPPED: the loads: PGHOST is not set ========\n"
        FileHandle.standardError.write(Data(note.utf8))
        return
    }
    for input in inputs {
        for isDryRun in [true, false] {
            let name = isDryRun ? "map and scan, from a file" : "load, unlogged"
            Benchmark("\(name)/\(input.name)") { benchmark, path in
                try await measureLoad(benchmark, input, path, isDryRun: isDryRun)
            } setup: {
                try makeFile(of: input)
            } teardown: {
                try? FileManager.default.removeItem(atPath: path(of: input))
            }
        }
    }
}

/// Longer than several batches.
private let copies = 8

private func measureLoad(
    _ benchmark: Benchmark, _ input: Input, _ path: String, isDryRun: Bool
) async throws {
    var configuration = ImportConfiguration()
    configuration.csv.hasHeader = false
    configuration.load.jobs = 1
    configuration.load.dryRun = isDryRun
    configuration.load.truncate = !isDryRun
    let report = try await Importer(configuration)
        .run(.files([path]), into: TableName("micro.\(input.name)"))
    precondition(report.counts.recordsRead == input.records.count * copies)
    benchmark.tell(report.duration, bytes: input.byteCount * copies)
}

private func path(of input: Input) -> String {
    FileManager.default.temporaryDirectory
        .appendingPathComponent("pgsluice-micro-\(getpid())-\(input.name).csv").path
}

private func makeFile(of input: Input) throws -> String {
    let part = Data(input.bytes.prefix(input.byteCount))
    let whole = (0..<copies).reduce(into: Data()) { whole, _ in whole += part }
    try whole.write(to: URL(fileURLWithPath: path(of: input)))
    return path(of: input)
}
