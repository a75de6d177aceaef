import SluiceCodec
import SluicePostgres

/// Asks the server which records of a batch its rules will refuse, by the values that they look at.
struct SuspectSearch {
    struct Found {
        /// Records that had better be tried one by one, in order.
        var suspects: [UInt32]
        /// By which the encoder leaves out what lacks a value that must be there.
        var layout: RecordLayout
    }

    private let batch: Batch
    private let session: SessionTime
    private var statements: SuspectStatements

    /// With more suspects than one in so many records it is as well to try all records one by one.
    private static let suspectShare = 4

    init(batch: Batch, target: Target, session: SessionTime) {
        self.batch = batch
        self.session = session
        statements = SuspectStatements(target: target, plan: batch.plan)
    }

    /// - Returns: nil: nothing can be foreseen, or too much.
    mutating func run(on connection: isolated Connection) throws -> Found? {
        // A staging table has no rules.
        guard batch.plan.staging == nil, statements.target.canSortOnServer else { return nil }
        let answer = try connection.query(statements.describe)
        statements.rules = answer.rows.indices.compactMap { .init(answer, row: $0) }
        guard !statements.rules.isEmpty else { return nil }
        let layout = batch.plan.layout(refusingNullAt: statements.requiredPlaces)
        guard !statements.comparedPlaces.isEmpty else { return Found(suspects: [], layout: layout) }
        guard let suspects = try compared(on: connection) else { return nil }
        return Found(suspects: suspects, layout: layout)
    }

    /// A rule that can't be tried in this way, or a value that can't, is no matter: the table itself
    /// will tell.
    private func compared(on connection: isolated Connection) throws -> [UInt32]? {
        do {
            _ = try connection.query("SAVEPOINT pgsluice_search; \(statements.create)")
            _ = try connection.beginCopy(statements.copy)
            let layout = batch.plan.narrowed(to: statements.comparedPlaces)
            try BatchSender(batch: batch)
                .sendBinary(narrowedTo: layout, session, on: connection)
            _ = try connection.finishCopy()
            let suspects = try select(on: connection)
            _ = try connection.query("\(statements.drop); RELEASE SAVEPOINT pgsluice_search")
            return suspects
        } catch let error as PostgresError where error.leavesTransaction {
            _ = try connection.query(
                "ROLLBACK TO SAVEPOINT pgsluice_search; RELEASE SAVEPOINT pgsluice_search")
            return nil
        }
    }

    private func select(on connection: isolated Connection) throws -> [UInt32]? {
        let limit = batch.recordCount / Self.suspectShare + 1
        let answer = try connection.query(statements.select(limit: limit))
        guard answer.rows.count < limit else { return nil }
        return answer.rows.compactMap { row in
            row[0].flatMap { Int($0) }.flatMap(batch.record(atSourceOffset:)).map { UInt32($0) }
        }
    }
}

extension PostgresError {
    /// Whether a savepoint is there to go back to.
    fileprivate var leavesTransaction: Bool {
        switch self {
        case .server, .falseAlarm: true
        default: false
        }
    }
}
