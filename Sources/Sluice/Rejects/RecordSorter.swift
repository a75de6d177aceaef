import SluiceCodec
import SluicePostgres

/// Loads records one after the other and tells those that the server refuses: by a loop in the
/// server, or, where that can't be, by savepoints.
struct RecordSorter {
    struct Sorted {
        var loaded: Int
        /// Records refused because another one has their key: which of them counts is a matter of
        /// their order.
        var keyConflicts: Set<UInt32>
    }

    private let batch: Batch
    private let target: Target
    private let statements: SortStatements
    private enum Tables { case missing, inPiece, standing }
    private var tables = Tables.missing
    /// What was refused without the loop.
    private var refused: [RefusedRecord] = []

    init(batch: Batch, target: Target) {
        self.batch = batch
        self.target = target
        statements = SortStatements(target: target, plan: batch.plan)
    }

    /// The piece is settled: what was made in it stays.
    mutating func released() {
        if tables == .inPiece { tables = .standing }
    }

    /// What was made in the piece is gone.
    mutating func rolledBack() {
        if tables == .inPiece { tables = .missing }
    }

    /// Takes away what it made: the transaction may go on with another batch.
    mutating func end(on connection: isolated Connection) throws {
        guard tables != .missing else { return }
        _ = try connection.query(statements.drop)
        tables = .missing
    }

    /// - Parameter records: their indices in the batch, in order.
    mutating func sort(
        _ records: [UInt32], on connection: isolated Connection
    ) throws -> Sorted {
        guard target.canSortOnServer else {
            var search = SavepointSearch(batch: batch)
            let sorted = try search.run(records, on: connection)
            refused = search.refused
            return sorted
        }
        try prepareTables(on: connection)
        try send(records, on: connection)
        let answer = try connection.query(statements.sort)
        let conflicts = answer[row: 0, column: "key_conflicts"] ?? ""
        let numbers = conflicts.split(separator: " ").compactMap { Int($0) }
        return Sorted(
            loaded: answer.number("loaded"),
            keyConflicts: Set(
                numbers.compactMap { batch.record(sortingNumber: $0).map { UInt32($0) } }))
    }

    // MARK: On the server

    private mutating func prepareTables(on connection: isolated Connection) throws {
        if tables == .missing {
            _ = try connection.query(statements.create)
            tables = .inPiece
        } else {
            _ = try connection.query(statements.clear)
        }
    }

    /// Those whose text the server does not take go as bytes: it is to say so itself.
    private func send(_ records: [UInt32], on connection: isolated Connection) throws {
        var sent: [UInt32] = []
        var untaken: [(record: UInt32, bytes: [UInt8])] = []
        sent.reserveCapacity(records.count)
        for record in records {
            let bounds = batch.records[Int(record)]
            if let bytes = refusedText(of: bounds, in: batch.bytes, layout: batch.plan.layout) {
                untaken.append((record, bytes))
            } else {
                sent.append(record)
            }
        }
        if !sent.isEmpty {
            _ = try connection.beginCopy(statements.copyRecords, endsEarly: false)
            let bounds = sent.map { batch.records[Int($0)] }
            try bounds.withUnsafeBufferPointer { bounds in
                try BatchSender(batch: batch).sendText(
                    bounds, prefix: batch.plan.staging == nil ? .numbers(sent) : nil,
                    on: connection)
            }
            _ = try connection.finishCopy()
        }
        guard !untaken.isEmpty else { return }
        _ = try connection.beginCopy(statements.copyUntaken, endsEarly: false)
        let lines = untaken.map {
            "\(batch.sortingNumber(ofRecord: Int($0.record)))\t\\\\x\(Self.hex($0.bytes))\n"
        }
        try put(lines.joined(), on: connection)
        _ = try connection.finishCopy()
    }

    private func put(_ text: String, on connection: isolated Connection) throws {
        let bytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: text.utf8.count, alignment: 1)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: text.utf8)
        try connection.put(UnsafeRawBufferPointer(bytes))
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // MARK: Rejects

    /// Hands over what the last `sort` refused, in order.
    mutating func takeRejects(
        into sink: inout RejectSink, on connection: isolated Connection
    ) throws {
        for record in refused { try sink.add(record) }
        refused = []
        guard tables != .missing else { return }
        var last = -1
        while true {
            let page = try connection.query(statements.rejects, [String(last)])
            for row in page.rows.indices {
                last = page.number("n", row: row)
                guard let index = batch.record(sortingNumber: last) else {
                    throw Failure(.fault, "the server refused a record that was not sent")
                }
                try sink.add(RefusedRecord(page, row: row, index: index))
            }
            guard page.rows.count == SortStatements.pageLength else { return }
        }
    }
}

extension Batch {
    /// By which the server knows a record that it sorts: in a staged row its place in the source.
    fileprivate func sortingNumber(ofRecord index: Int) -> Int {
        plan.staging == nil ? index : sourceOffset(Int(records[index].start))
    }

    fileprivate func record(sortingNumber number: Int) -> Int? {
        plan.staging == nil ? number : record(atSourceOffset: number)
    }

    /// The index of the record that begins there.
    func record(atSourceOffset offset: Int) -> Int? {
        var (low, high) = (0, recordCount)
        while low < high {
            let middle = (low + high) / 2
            if sourceOffset(Int(records[middle].start)) < offset {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low < recordCount, sourceOffset(Int(records[low].start)) == offset else { return nil }
        return low
    }
}

extension RefusedRecord {
    /// A row of the table of rejects.
    init(_ answer: QueryResult, row: Int, index: Int) {
        func text(_ column: String) -> String? {
            answer[row: row, column: column].flatMap { $0.isEmpty ? nil : $0 }
        }
        self.init(
            index: index,
            sqlState: SQLState(text("state") ?? "") ?? .queryCanceled,
            message: text("message") ?? "", detail: text("detail"),
            column: text("column_name"), constraint: text("constraint_name"))
    }
}
