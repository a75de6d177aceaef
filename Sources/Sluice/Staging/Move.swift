import Logging
import SluicePostgres

/// One try at the last step of an import that is all or nothing: a transaction that moves all
/// staged rows into the target, and drops their tables.
struct Move: Sendable {
    let context: LoadContext
    let staging: Staging
    let truncation: Truncation?

    /// How a try went.
    enum Outcome: Sendable {
        case committed(Moved)
        /// COMMIT was sent: what it did must be found out.
        case uncertain(PostgresError, Moved)
        /// The server refused it, or was lost before COMMIT.
        case failed(PostgresError, mark: TransactionMark?, isInRecovery: Bool)
    }

    /// - Throws: `PostgresError.cancelled`; `Failure`.
    func run(on connection: isolated Connection) throws -> Outcome {
        var mark: TransactionMark?
        do {
            let moved = try move(&mark, on: connection)
            do throws(PostgresError) {
                try connection.commit()
            } catch .commitUncertain(let error) {
                return .uncertain(error, moved)
            }
            return .committed(moved)
        } catch {
            connection.rollback()
            guard let error = error as? PostgresError, error != .cancelled else { throw error }
            let isOpen = !connection.isReusable
            let isInRecovery = connection.isInRecovery
            if isInRecovery { connection.abandon() }
            return .failed(error, mark: isOpen ? mark : nil, isInRecovery: isInRecovery)
        }
    }

    private func move(
        _ mark: inout TransactionMark?, on connection: isolated Connection
    ) throws -> Moved {
        // A long INSERT says nothing until its end.
        connection.waitWithoutLimit()
        let files = staging.files
        let statements = MoveStatements(target: context.target, files: files)
        let first = [statements.lock] + (truncation.map { [$0.statement] } ?? [])
        let opening = try TransactionStart(
            context: context, statements: first.limitingLocks(to: context.lockTimeout)
        ).begin(on: connection)
        mark = opening.mark
        var moved = Moved(mark: opening.mark)
        for file in files {
            moved.files.append(try move(file, statements, on: connection))
        }
        _ = try connection.query(statements.drop)
        return moved
    }

    private func move(
        _ file: StagedFile, _ statements: MoveStatements, on connection: isolated Connection
    ) throws -> Moved.File {
        let table = staging.table(ofFile: file.file)
        try checkCount(file, table, on: connection)
        context.logger.info("\(file.plan.name): moving \(file.rowCount) rows into the table")
        let answer = try connection.query(statements.insert(file.plan, from: table))
        return Moved.File(staged: file, loaded: answer.affectedRows ?? 0)
    }

    private func checkCount(
        _ file: StagedFile, _ table: StagingTable, on connection: isolated Connection
    ) throws {
        let count = try connection.query(MoveStatements.count(table)).number("rows")
        guard count != file.rowCount else { return }
        throw Failure(
            .server,
            "the server lost acknowledged commits: of \(file.plan.name) it has \(count) staged "
                + "rows, not \(file.rowCount)", advice: "run the command again")
    }
}

/// What the last step has done with the rows.
struct Moved: Sendable {
    struct File: Sendable {
        let staged: StagedFile
        let loaded: Int
        /// Records that only the target has refused.
        var rejects = 0
    }

    let mark: TransactionMark
    var files: [File] = []
}
