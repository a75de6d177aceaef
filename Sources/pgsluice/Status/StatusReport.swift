import Sluice

/// What standard output says of the ledger.
enum StatusReport: Sendable {
    /// Nil: there is no ledger.
    case imports([LedgerImport]?)
    case stopped(String)
    case forgotten(String)
    case pruned(Int)
}

// MARK: For people

extension StatusReport {
    var text: String { lines.map { printable($0) + "\n" }.joined() }

    private var lines: [String] {
        switch self {
        case .imports(nil): ["this database has no ledger: no import began one here"]
        case .imports(let imports?) where imports.isEmpty: ["the ledger has no imports"]
        case .imports(let imports?): imports.flatMap(\.lines)
        case .stopped(let id): ["import \(id) was asked to stop; it does so before its next batch"]
        case .forgotten(let id): ["import \(id) is forgotten; its rows are still in the table"]
        case .pruned(let count): ["\(counted(count, "finished import")) dropped from the ledger"]
        }
    }
}

extension LedgerImport {
    fileprivate var lines: [String] {
        let figures = [
            ("started", startedAt.description), (state == .finished ? "finished" : "updated", end),
            ("loaded", loadedText), ("done", Self.progress(bytesDone, bytesTotal, state)),
            ("run", "process \(pid) on \(host), pgsluice \(version)"),
        ]
        return ["\(id): \(table), \(state.rawValue)"]
            + figures.map { name, text in
                "  \(name)\(String(repeating: " ", count: 10 - name.count))\(text)"
            }
            + sources.map { "  \($0.path): \(Self.progress($0.bytesDone, $0.size, state))" }
    }

    private var end: String { (finishedAt ?? updatedAt).description }

    private var loadedText: String {
        let parts = [
            counted(rowsLoaded, "row"),
            rowsRejected > 0 ? "\(grouped(rowsRejected)) rejected" : nil,
            rowsSkipped > 0 ? "\(grouped(rowsSkipped)) skipped" : nil,
        ]
        let batches = batches == 1 ? "1 batch" : "\(grouped(batches)) batches"
        return parts.compactMap { $0 }.joined(separator: ", ") + " in \(batches)"
    }

    private static func progress(_ done: Int, _ total: Int?, _ state: State) -> String {
        let doneText = approximateSize(Double(done))
        guard let total, let percent = percent(done, total, state) else { return doneText }
        return "\(doneText) of \(approximateSize(Double(total))), \(decimal(percent, digits: 1))%"
    }

    /// Header and BOM are in no batch: what is finished is whole without them.
    fileprivate static func percent(_ done: Int, _ total: Int?, _ state: State) -> Double? {
        if state == .finished { return 100 }
        guard let total, total > 0 else { return nil }
        return min(100, 100 * Double(done) / Double(total))
    }
}

// MARK: For scripts

extension StatusReport {
    /// One object in one line.
    var json: String {
        JSON.object([("version", .string(sluiceVersion))] + members).text
    }

    private var members: [(key: String, value: JSON)] {
        switch self {
        case .imports(let imports):
            [("ledger", .bool(imports != nil)), ("imports", .array((imports ?? []).map(\.json)))]
        case .stopped(let id): Self.action("stop", id, 1)
        case .forgotten(let id): Self.action("forget", id, 1)
        case .pruned(let count): Self.action("prune", nil, count)
        }
    }

    private static func action(
        _ name: String, _ id: String?, _ count: Int
    ) -> [(key: String, value: JSON)] {
        [("action", .string(name)), ("import_id", JSON(id)), ("imports", .integer(count))]
    }
}

extension LedgerImport {
    fileprivate var json: JSON {
        .object([
            ("import_id", .string(id)), ("table", .string(table)),
            ("state", .string(state.rawValue)), ("started_at", .string(startedAt.description)),
            ("updated_at", .string(updatedAt.description)),
            ("finished_at", JSON(finishedAt?.description)), ("rows_loaded", .integer(rowsLoaded)),
            ("rows_rejected", .integer(rowsRejected)), ("rows_skipped", .integer(rowsSkipped)),
            ("batches", .integer(batches)), ("bytes_done", .integer(bytesDone)),
            ("bytes_total", JSON(bytesTotal)), ("percent", percentJSON),
            ("host", .string(host)), ("pid", .integer(pid)), ("run_version", .string(version)),
            ("files", .array(sources.map(\.json))),
        ])
    }

    private var percentJSON: JSON {
        guard let percent = Self.percent(bytesDone, bytesTotal, state) else { return .null }
        return .decimal(units: Int((percent * 10).rounded()), digits: 1)
    }
}

extension LedgerImport.Source {
    fileprivate var json: JSON {
        .object([
            ("path", .string(path)), ("rows_loaded", .integer(rowsLoaded)),
            ("rows_rejected", .integer(rowsRejected)), ("bytes_done", .integer(bytesDone)),
            ("bytes_total", JSON(size)),
        ])
    }
}
