import Sluice

/// Shows an import's progress on standard error, and remembers the last of it.
struct ProgressDisplay: Sendable {
    let style: Style
    let isDryRun: Bool
    let console: Console
    let latest: LatestSnapshot

    /// Follows `snapshots` to their end.
    func follow(_ snapshots: AsyncStream<ImportSnapshot>) async {
        var pace = Pace(interval: style.interval)
        for await snapshot in snapshots {
            latest.update(snapshot)
            if pace.isDue(at: snapshot.elapsed) { show(snapshot) }
        }
        if style == .bar { console.show(bar: "") }
    }

    private func show(_ snapshot: ImportSnapshot) {
        let figures = ProgressFigures(snapshot, isDryRun: isDryRun)
        switch style {
        case .bar: console.show(bar: figures.bar(width: Terminal.width))
        case .log: console.print(["pgsluice: \(figures.line)"])
        case .json: console.print([snapshot.json])
        case .none: break
        }
    }
}

extension ProgressDisplay {
    enum Style: Sendable {
        case bar, log, json, none

        fileprivate var interval: Duration {
            switch self {
            case .bar: .milliseconds(200)
            case .log: .seconds(30)
            case .json: .seconds(1)
            case .none: .seconds(Int32.max)
            }
        }
    }
}

/// Says when the next thing is due: at most once in an interval, not before the first has passed.
package struct Pace {
    private let interval: Duration
    private var next: Duration

    package init(interval: Duration) {
        self.interval = interval
        next = interval
    }

    package mutating func isDue(at elapsed: Duration) -> Bool {
        guard elapsed >= next else { return false }
        // From the interval's grid, so that lines of a log stand at :30, :00, :30.
        next = interval * (Int(elapsed / interval) + 1)
        return true
    }
}

extension ImportSnapshot {
    fileprivate var json: String {
        JSON.object([
            ("type", .string("progress")), ("elapsed_seconds", JSON(elapsed)),
            ("bytes_read", .integer(bytesRead)), ("bytes_total", JSON(bytesTotal)),
            ("bytes_loaded", .integer(bytesLoaded)), ("records_read", .integer(recordsRead)),
            ("rows_loaded", .integer(rowsLoaded)), ("rows_rejected", .integer(rowsRejected)),
            ("retries", .integer(retries)),
        ]).text
    }
}
