import Logging
import SluicePostgres

/// One try at the last step of an import that is all or nothing: a transaction that moves all
/// staged rows into the target, and drops their tables.
struct Move: Sendable {
    let context: LoadContext
    let staging: Staging
    let truncation: Truncation?
    let rereading: Rereading
    let watch: MoveWatch

    /// How a try went.
    enum Outcome: Sendable {
        case committed(Moved)
        /// COMMIT was sent: what it did must be found out.
        case uncertain(PostgresError, Moved)
        /// The server refused it, or was lost before COMMIT.
        case failed(PostgresError, mark: TransactionMark?, isInRecovery: Bool)
    }

    /// - Throws: `PostgresError.cancelled`; `Failure`.
    func run(on connection: isolated Connection) async throws -> Outcome {
        var mark: TransactionMark?
        do {
            let moved = try await move(&mark, on: connection)
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
    ) async throws -> Moved {
        let files = staging.files
        let statements = MoveStatements(target: context.target, files: files)
        watch.transaction = nil
        let opening = try start(statements).begin(on: connection)
        mark = opening.mark
        watch.transaction = mark
        // A long INSERT says nothing until its end.
        connection.waitWithoutLimit()
        var moved = Moved(mark: opening.mark)
        var late = LateRejects(context: context, staging: staging, rereading: rereading)
        for file in files {
            moved.files.append(try await move(file, &late, statements, on: connection))
        }
        for file in moved.files where file.rejects > 0 {
            try await late.keep(file.staged, on: connection)
        }
        _ = try connection.query(statements.drop)
        return moved
    }

    private func start(_ statements: MoveStatements) -> TransactionStart {
        let locks = [statements.lock] + (truncation.map { [$0.statement] } ?? [])
        return TransactionStart(
            context: context,
            statements: locks.limitingLocks(to: context.lockTimeout)
                + (context.rejectsRecords ? [BatchSorting.constraintsStatement] : []))
    }

    private func move(
        _ file: StagedFile, _ late: inout LateRejects, _ statements: MoveStatements,
        on connection: isolated Connection
    ) async throws -> Moved.File {
        let table = staging.table(ofFile: file.file)
        try checkCount(file, table, on: connection)
        context.logger.info("\(file.plan.name): moving \(file.rowCount) rows into the table")
        switch try insert(statements.insert(file.plan, from: table), on: connection) {
        case .loaded(let count):
            return Moved.File(staged: file, loaded: count)
        case .refused(let refusal):
            context.logger.debug("refused, to be sorted: \(refusal.message)")
            if context.rejectsRecords { return try late.sort(file, on: connection) }
            throw try await failure(refusal, file, &late, on: connection)
        }
    }

    private enum Answer {
        case loaded(Int)
        /// Nothing is moved.
        case refused(ServerDiagnostics)
    }

    private func insert(_ statement: String, on connection: isolated Connection) throws -> Answer {
        _ = try connection.query(MoveStatements.open)
        do throws(PostgresError) {
            let answer = try connection.query(statement)
            _ = try connection.query(MoveStatements.release)
            return .loaded(answer.affectedRows ?? 0)
        } catch {
            guard case .server(let refusal) = error, refusal.sqlState.isAboutData else {
                throw error
            }
            _ = try connection.query(MoveStatements.undo)
            return .refused(refusal)
        }
    }

    private func failure(
        _ refusal: ServerDiagnostics, _ file: StagedFile, _ late: inout LateRejects,
        on connection: isolated Connection
    ) async throws -> any Error {
        do {
            if let failure = try await late.failure(refusal, file, on: connection) {
                return failure
            }
        } catch let error as PostgresError where error != .cancelled {
            context.logger.debug("which record it was can't be found: \(Failure(error).message)")
        }
        return PostgresError.server(refusal)
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
