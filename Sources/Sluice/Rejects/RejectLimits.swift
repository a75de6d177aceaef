import SluiceCodec
import SluiceCore
import SluicePostgres
import Synchronization

/// How many records may be rejected before the import ends.
final class RejectLimits: Sendable {
    /// So many records are looked at before a share says something.
    static let leastRecords = 1_000

    private struct State {
        var records = 0
        var rejects = 0
        /// From the import's first record on, without a gap.
        var leading = 0
        /// How many rejects lead in batches that came before those ahead of them, by their first
        /// record.
        var waiting: [Int: Int] = [:]

        mutating func lead(_ count: Int, from record: Int) {
            guard count > 0, record <= RejectLimits.leastRecords else { return }
            waiting[record] = count
            while let count = waiting.removeValue(forKey: leading + 1) { leading += count }
        }
    }

    private let limit: Int?
    private let ratio: Double?
    private let dialect: Dialect
    private let state: Mutex<State>

    /// - Parameters:
    ///   - records: judged by earlier runs.
    ///   - rejects: of them.
    init(_ options: ErrorOptions, dialect: Dialect, records: Int = 0, rejects: Int = 0) {
        limit = options.rejectLimit
        ratio = options.rejectRatio
        self.dialect = dialect
        state = Mutex(State(records: records, rejects: rejects))
    }

    /// Counts a batch that is about to be committed.
    ///
    /// - Throws: `Failure` when that is too much; the batch is then not counted.
    func add(_ rejects: BatchRejects, of batch: Batch) throws(Failure) {
        let failure = state.withLock { state -> Failure? in
            var next = state
            next.records += batch.allRecords
            next.rejects += rejects.total
            if batch.file == 0 { next.lead(rejects.leading, from: batch.firstRecord) }
            // A clean batch may be the one by which a share begins to count.
            let found =
                rejects.total > 0
                ? self.failure(next, rejects) : shareFailure(next, rejects)
            if let found { return found }
            state = next
            return nil
        }
        guard var failure else { return }
        failure.location = rejects.last?.location
        failure.order = batch.order
        throw failure
    }

    /// The batch was not committed after all.
    func remove(_ rejects: BatchRejects, of batch: Batch) {
        state.withLock { state in
            state.records -= batch.allRecords
            state.rejects -= rejects.total
        }
    }

    // MARK: Behind the last batch

    /// Whether a limit was set.
    var isLimited: Bool { limit != nil || ratio != nil }

    /// How many more of all records may be rejected; nil: any number.
    var room: Int? {
        state.withLock { state in
            var room = limit.map { $0 - state.rejects }
            if let ratio, state.records >= Self.leastRecords {
                let most = Int(ratio * Double(state.records)) - state.rejects
                room = min(room ?? most, most)
            }
            return room
        }
    }

    /// What is wrong with so many more rejects, of records that are counted already; nil: nothing.
    ///
    /// - Parameters:
    ///   - isLeading: no record before them was taken.
    ///   - last: the last one of them, and the name of its file.
    func failure(
        afterLate total: Int, isLeading: Bool, last: () throws -> (RefusedRecord, file: String)
    ) rethrows -> Failure? {
        guard total > 0 else { return nil }
        var next = state.withLock { $0 }
        next.rejects += total
        next.leading = isLeading ? total : 0
        guard failure(next, BatchRejects()) != nil else { return nil }
        let (refused, file) = try last()
        let location = SourceLocation(file: file)
        var rejects = BatchRejects()
        rejects.last = Reject(
            location: location, endLine: 0, byteCount: 0, kind: refused.kind,
            sqlState: refused.sqlState.code, message: refused.message)
        var failure = failure(next, rejects)
        failure?.location = location
        return failure
    }

    private func failure(_ state: State, _ rejects: BatchRejects) -> Failure? {
        if let limit, state.rejects > limit {
            return exceeded("more than \(limit) records are rejected (--reject-limit)", rejects)
        }
        if let failure = shareFailure(state, rejects) { return failure }
        if limit == nil, ratio == nil, state.leading >= Self.leastRecords {
            return exceeded(
                "the first \(Self.leastRecords) records are all rejected, read with "
                    + dialect.summary, rejects)
        }
        return nil
    }

    private func shareFailure(_ state: State, _ rejects: BatchRejects) -> Failure? {
        guard let ratio, state.records >= Self.leastRecords,
            Double(state.rejects) > ratio * Double(state.records)
        else { return nil }
        return exceeded(
            "\(state.rejects) of \(state.records) records are rejected, "
                + "more than the part of \(ratio) that may be (--reject-ratio)", rejects)
    }

    private func exceeded(_ message: String, _ rejects: BatchRejects) -> Failure {
        let last = rejects.last.map { "; the last one: \($0.message) (\($0.sqlState))" } ?? ""
        return Failure(
            .data, message + last,
            advice: "mend the file, or read it in another way; see --delimiter, --quoting, --null")
    }
}

extension Batch {
    /// Good and malformed ones.
    var allRecords: Int { recordCount + malformed.count }
}

extension Dialect {
    /// The dialect in force, for people.
    fileprivate var summary: String {
        func shown(_ byte: UInt8) -> String {
            (0x21...0x7E).contains(byte)
                ? "'\(Character(UnicodeScalar(byte)))'" : "byte \(byte)"
        }
        let quotes = quoting == .none ? "" : ", quote \(shown(quote))"
        return "delimiter \(shown(delimiter))\(quotes), quoting \(quoting.rawValue), "
            + "NULL '\(String(decoding: null, as: UTF8.self))'"
    }
}
