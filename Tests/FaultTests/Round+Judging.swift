import Foundation
import SluiceTestSupport
import Testing

/// What is wrong with a round, collected, so that one message tells all.
struct Verdict: Sendable {
    private(set) var complaints: [String] = []

    mutating func demand(_ isSo: Bool, _ complaint: @autoclosure () -> String) {
        if !isSo { complaints.append(complaint()) }
    }

    /// Records an issue if there is a complaint.
    func pronounce(
        _ round: Round, _ ends: [ImportEnd], _ note: String,
        at sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard !complaints.isEmpty else { return }
        let last = ends.suffix(3).map(\.description).joined(separator: "\n")
        Issue.record(
            """
            \(complaints.joined(separator: "; "))
            \(round)\(note.isEmpty ? "" : ", \(note)"), \(ends.count) runs, the last of them:
            \(last)
            """, sourceLocation: sourceLocation)
    }
}

extension Round {
    /// Everything is there once, and was reported so.
    ///
    /// - Parameter rejects: the name of the reject file, where bad records go into one.
    func expectComplete(
        _ ends: [ImportEnd], rejects: String? = nil, _ note: String = "",
        at sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var verdict = Verdict()
        let last = try #require(ends.last)
        let status: Int32 = trial.orders.rejectCount > 0 ? 3 : 0
        verdict.demand(last.status == status, "exit \(last.status) instead of \(status)")
        judgeReport(last, &verdict)
        judgeCounts(last, &verdict)
        try await judgeEquality(&verdict)
        if let rejects { judgeRejects(rejects, &verdict) }
        try await judgeBackends(&verdict)
        verdict.pronounce(self, ends, note, at: sourceLocation)
    }

    /// It failed: what it says is committed is there, once, and nothing else but perhaps what it
    /// says is uncertain.
    func expectHonest(
        _ end: ImportEnd, statuses: Set<Int32>, _ note: String = "",
        at sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var verdict = Verdict()
        verdict.demand(
            statuses.contains(end.status), "exit \(end.status) instead of \(statuses.sorted())")
        judgeReport(end, &verdict)
        try await judgeCommitted(end, &verdict)
        try await judgeBackends(&verdict)
        verdict.pronounce(self, [end], note, at: sourceLocation)
    }

    // MARK: One by one

    private func judgeReport(_ end: ImportEnd, _ verdict: inout Verdict) {
        verdict.demand(!end.end.isOverdue, "it did not end in time")
        guard let report = end.report else {
            verdict.demand(false, "there is no report")
            return
        }
        verdict.demand(report.addsUp, "the report does not add up")
        verdict.demand(
            report.exit_code == end.status, "the report says exit \(report.exit_code)")
    }

    private func judgeCounts(_ end: ImportEnd, _ verdict: inout Verdict) {
        guard let report = end.report else { return }
        let orders = trial.orders
        let counts = [
            ("records_read", report.records_read, orders.recordCount),
            ("rows_loaded", report.rows_loaded, orders.goodCount),
            ("rows_rejected", report.rows_rejected, orders.rejectCount),
            ("records_unloaded", report.records_unloaded, 0),
        ]
        for (name, value, right) in counts {
            verdict.demand(value == right, "\(name) is \(value) instead of \(right)")
        }
    }

    private func digest(_ table: String) async throws -> String {
        try await trial.database.query(
            "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM \(table) t")
    }

    private func judgeEquality(_ verdict: inout Verdict) async throws {
        let (found, right) = (
            try await digest(table), try await digest("\(trial.schema).expected")
        )
        guard found != right else { return }
        let differences = try await trial.database.query(
            """
            SELECT 'missing: ' || coalesce(string_agg(id::text, ' ' ORDER BY id), 'none') FROM (
                SELECT id FROM \(trial.schema).expected EXCEPT ALL SELECT id FROM \(table)
                LIMIT 20) m
            UNION ALL
            SELECT 'too many: ' || coalesce(string_agg(id::text, ' ' ORDER BY id), 'none') FROM (
                SELECT id FROM \(table) EXCEPT ALL SELECT id FROM \(trial.schema).expected
                LIMIT 20) m
            """)
        verdict.demand(
            false,
            "THE TABLE DIFFERS: \(found) instead of \(right), by ids (20 at most) "
                + differences.replacing("\n", with: ", "))
    }

    /// Compares the ids that are there with the lines that are said to be.
    private func judgeCommitted(_ end: ImportEnd, _ verdict: inout Verdict) async throws {
        let ids = try await trial.database.query("SELECT id FROM \(table) ORDER BY id")
            .split(separator: "\n").compactMap { Int($0) }
        verdict.demand(Set(ids).count == ids.count, "ROWS ARE DOUBLED")
        let there = ids.map { trial.orders.lines[$0 - 1] }
        let committed = (end.report?.committed ?? []).map { $0.first_line...$0.last_line }
        let allowed = committed + end.uncertainLines
        let foreign = there.filter { lines in !allowed.contains { $0.contains(lines.lowerBound) } }
        verdict.demand(foreign.isEmpty, "lines \(foreign.prefix(5)) are there and not reported")
        let goodLines = try await goodLines()
        let missing = goodLines.subtracting(there.map(\.lowerBound)).filter { line in
            committed.contains { $0.contains(line) }
        }
        verdict.demand(
            missing.isEmpty, "LINES \(missing.sorted().prefix(5)) ARE REPORTED AND NOT THERE")
    }

    private func goodLines() async throws -> Set<Int> {
        let ids = try await trial.database.query("SELECT id FROM \(trial.schema).expected")
        return Set(
            ids.split(separator: "\n").compactMap { Int($0) }
                .map { trial.orders.lines[$0 - 1].lowerBound })
    }

    private func judgeRejects(_ name: String, _ verdict: inout Verdict) {
        let orders = trial.orders
        let found = FileManager.default.contents(atPath: "\(folder)/\(name)")
        if orders.rejectCount == 0 {
            verdict.demand(found == nil, "an empty reject file was left")
        } else {
            verdict.demand(
                found.map { Array($0) } == orders.rejects,
                "THE REJECT FILE DIFFERS: \(found?.count ?? -1) bytes instead of "
                    + "\(orders.rejects.count), at byte \(firstDifference(found, orders.rejects))")
            let log = logLines(name)
            verdict.demand(
                log == orders.rejectCount,
                "\(log) lines in the log for \(orders.rejectCount) rejects")
        }
        let parts = FileManager.default.fileExists(atPath: "\(folder)/\(name).parts")
        verdict.demand(!parts, "parts of the reject file were left")
    }

    private func firstDifference(_ found: Data?, _ right: [UInt8]) -> Int {
        zip(found ?? Data(), right).enumerated().first { $1.0 != $1.1 }?.offset
            ?? min(found?.count ?? 0, right.count)
    }

    /// How many objects there are in the log; -1 if one of them is none.
    private func logLines(_ name: String) -> Int {
        let data = FileManager.default.contents(atPath: "\(folder)/\(name).log") ?? Data()
        let lines = data.split(separator: UInt8(ascii: "\n"))
        let areAllObjects = lines.allSatisfy { line in
            (try? JSONSerialization.jsonObject(with: line)) is [String: Any]
        }
        return areAllObjects ? lines.count : -1
    }

    private func judgeBackends(_ verdict: inout Verdict) async throws {
        guard !trial.isPooled else { return }
        let areGone = try await becomesTrue(within: .seconds(5)) {
            try await trial.database.backends(named: "pgsluice") == 0
        }
        verdict.demand(areGone, "backends are left")
    }
}
