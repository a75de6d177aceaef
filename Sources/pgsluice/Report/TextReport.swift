import Sluice
import SluiceCore

/// The report for people; its last line is psql's.
struct TextReport {
    let report: ImportReport

    var text: String {
        let lines =
            [summary] + dryRun + figures.map(Self.aligned) + files + stop
            + ["COPY \(report.counts.rowsLoaded)"]
        return lines.map { printable($0) + "\n" }.joined()
    }

    private var counts: ImportCounts { report.counts }

    private var summary: String {
        let outcome =
            switch report.status {
            case .completed: "completed in"
            case .completedWithRejects: "completed, but for some rejects, in"
            case .failed: "failed after"
            case .cancelled: "cancelled after"
            }
        let kind = report.isDryRun ? "dry run " : ""
        return "\(report.table): \(kind)\(outcome) \(approximateTime(report.duration))"
    }

    private var dryRun: [String] {
        guard report.isDryRun else { return [] }
        return ["nothing was changed; values were not judged: only the server can do that"]
    }

    private static func aligned(_ figure: (name: String, text: String)) -> String {
        let padding = String(repeating: " ", count: max(1, 10 - figure.name.count))
        return "  \(figure.name)\(padding)\(figure.text)"
    }
}

extension TextReport {
    private var figures: [(name: String, text: String)] {
        [("read", readText)] + (report.isDryRun ? [] : [("loaded", loadedText)])
            + optional("malformed", counts.recordsMalformed, "record")
            + optional("resumed", counts.resumedRows, "row") + rejected
            + optional("skipped", counts.rowsSkipped, "row")
            + (report.isDryRun ? [] : optional("unloaded", counts.recordsUnloaded, "record"))
            + optional("recovered", counts.recordsRecovered, "record")
            + optional("passed", counts.linesPassed, "line")
            + optional("retried", counts.retries, "time")
            + [("memory", "\(approximateSize(Double(report.peakMemory.bytes))) at the peak")]
    }

    private var rejected: [(name: String, text: String)] {
        let kept = report.files.count == 1 ? report.files[0].rejects.map { ": \($0)" } : nil
        return optional("rejected", counts.rowsRejected, "record")
            .map { ($0.name, $0.text + (kept ?? "")) }
    }

    private var readText: String {
        let rate = approximateSize(report.bytesPerSecond)
        return "\(counted(counts.recordsRead, "record")), "
            + "\(approximateSize(Double(counts.bytesRead))), \(rate)/s"
    }

    private var loadedText: String {
        let batches = counts.batches == 1 ? "1 batch" : "\(grouped(counts.batches)) batches"
        return "\(counted(counts.rowsLoaded, "row")) in \(batches), "
            + "\(grouped(Int(report.rowsPerSecond))) rows/s"
    }

    private func optional(
        _ name: String, _ count: Int, _ unit: String
    ) -> [(name: String, text: String)] {
        count == 0 ? [] : [(name, counted(count, unit))]
    }

    /// A line each where there are several.
    private var files: [String] {
        guard report.files.count > 1 else { return [] }
        return report.files.map { file in
            "  \(file.path): \(file.status.rawValue), "
                + "\(counted(file.counts.rowsLoaded, "row")) "
                + "of \(counted(file.counts.recordsRead, "record"))"
                + (file.rejects.map { ", rejects in \($0)" } ?? "")
        }
    }

    /// Where the import stopped, as exactly as it is known.
    private var stop: [String] {
        guard let place = report.error?.location else { return [] }
        let parts = [
            place.line.map { "line \($0)" }, place.record.map { "record \($0)" },
            place.byteOffset.map { "byte \($0)" },
        ]
        let known = parts.compactMap { $0 }
        return known.isEmpty
            ? [] : ["stopped at \(place.file), " + known.joined(separator: ", ")]
    }
}
