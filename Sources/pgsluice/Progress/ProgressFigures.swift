package import Sluice

/// What progress shows of an import, and how it is written.
package struct ProgressFigures: Sendable {
    package var elapsed: Duration
    /// Committed; in a dry run read.
    package var bytes: Int
    /// Nil when one of the inputs is a stream.
    package var bytesTotal: Int?
    /// Committed; in a dry run records read.
    package var rows: Int

    package init(elapsed: Duration, bytes: Int, bytesTotal: Int?, rows: Int) {
        self.elapsed = elapsed
        self.bytes = bytes
        self.bytesTotal = bytesTotal
        self.rows = rows
    }

    package init(_ snapshot: ImportSnapshot, isDryRun: Bool) {
        self.init(
            elapsed: snapshot.elapsed,
            bytes: isDryRun ? snapshot.bytesRead : snapshot.bytesLoaded,
            bytesTotal: snapshot.bytesTotal,
            rows: isDryRun ? snapshot.recordsRead : snapshot.rowsLoaded)
    }
}

// MARK: Derived

extension ProgressFigures {
    /// From 0 to 1; nil when the size is unknown.
    var fraction: Double? {
        guard let bytesTotal, bytesTotal > 0 else { return nil }
        return min(1, Double(bytes) / Double(bytesTotal))
    }

    private var bytesPerSecond: Double {
        elapsed > .zero ? Double(bytes) / (elapsed / .seconds(1)) : 0
    }

    private var remaining: Duration? {
        guard let bytesTotal, bytes > 0 else { return nil }
        return .seconds(Double(max(0, bytesTotal - bytes)) / bytesPerSecond)
    }

    private var percent: String? {
        fraction.map { "\(Int($0 * 100))%" }
    }

    private var rate: String { "\(approximateSize(bytesPerSecond))/s" }
}

// MARK: Written

extension ProgressFigures {
    /// One line of at most `width - 1` columns: terminals break the line in the last one.
    package func bar(width: Int) -> String {
        var parts = [
            approximateSize(Double(bytes)), rate, "\(grouped(rows)) rows", clock(elapsed),
        ]
        if let fraction, let percent {
            parts.append("ETA \(remaining.map(clock) ?? "--:--")")
            let figures = parts.joined(separator: "  ")
            let gauge = Self.gauge(fraction, columns: width - 1 - figures.count - 7)
            let padding = String(repeating: " ", count: 4 - percent.count)
            return String("\(padding)\(percent) \(gauge)\(figures)".prefix(max(0, width - 1)))
        }
        return String(parts.joined(separator: "  ").prefix(max(0, width - 1)))
    }

    /// `[====>    ]  `; nothing where there is no room for it.
    private static func gauge(_ fraction: Double, columns: Int) -> String {
        let inner = min(columns - 2, 40)
        guard inner >= 8 else { return "" }
        let done = Int(fraction * Double(inner))
        let line = String(repeating: "=", count: done) + (done < inner ? ">" : "")
        return "[" + line + String(repeating: " ", count: inner - line.count) + "]  "
    }

    /// A line for a log.
    package var line: String {
        let size = approximateSize(Double(bytes))
        var parts = [bytesTotal.map { "\(size) of \(approximateSize(Double($0)))" } ?? size]
        if let percent { parts.insert(percent, at: 0) }
        parts += [rate, "\(grouped(rows)) rows", "\(clock(elapsed)) elapsed"]
        if let remaining { parts.append("ETA \(clock(remaining))") }
        return parts.joined(separator: ", ")
    }
}
