import SluiceCodec
import SluiceCore
import SluicePostgres

/// The staged records that only the target refuses, found in the transaction that moves the rows.
struct LateRejects {
    private let context: LoadContext
    private let staging: Staging
    private let rereading: Rereading
    private var hasTable = false
    /// Of all files so far.
    private var total = 0

    init(context: LoadContext, staging: Staging, rereading: Rereading) {
        self.context = context
        self.staging = staging
        self.rereading = rereading
    }

    private func statements(_ file: StagedFile) -> LateStatements {
        LateStatements(
            target: context.target, plan: file.plan, table: staging.table(ofFile: file.file),
            file: file.file)
    }

    // MARK: Under reject

    /// Moves all rows of a file that the target takes.
    ///
    /// - Throws: `Failure` when too many are refused.
    mutating func sort(
        _ file: StagedFile, on connection: isolated Connection
    ) throws -> Moved.File {
        let room = context.limits.room.map { $0 - total }
        let answer = try sort(
            file, most: room ?? .max,
            mostLeading: context.limits.isLimited ? .max : RejectLimits.leastRecords,
            on: connection)
        let refused = answer.number("refused")
        total += refused
        let isLeading = file.file == 0 && answer[row: 0, column: "is_leading"] == "t"
        let failure = try context.limits.failure(afterLate: total, isLeading: isLeading) {
            let last = try connection.query(statements(file).last)
            return (RefusedRecord(last, row: 0, index: 0), file.plan.name)
        }
        if let failure { throw failure }
        return Moved.File(staged: file, loaded: answer.number("loaded"), rejects: refused)
    }

    private mutating func sort(
        _ file: StagedFile, most: Int, mostLeading: Int,
        on connection: isolated Connection
    ) throws -> QueryResult {
        if !hasTable { _ = try connection.query(LateStatements.create) }
        hasTable = true
        let statements = statements(file)
        _ = try connection.query(statements.index)
        return try connection.query(statements.sort(most: most, mostLeading: mostLeading))
    }

    /// Reads the refused records of a file again, and puts them on disk.
    func keep(
        _ file: StagedFile, on connection: isolated Connection
    ) async throws {
        guard let files = context.rejects, files.paths[file.file] != nil else { return }
        let statements = statements(file)
        let needed = try places(with: statements, of: file, on: connection)
        _ = try await rereading.read(file, from: needed, on: connection) { ring, connection in
            try await write(
                LatePages(statements), to: files.latePart(ofFile: file.file), ring, on: connection)
        }
    }

    /// - Returns: how many; nil when they are not all in the file.
    private func write(
        _ pages: consuming LatePages, to part: consuming RejectPart, _ ring: Ring,
        on connection: isolated Connection
    ) async throws -> Int? {
        var (count, pages) = (0, pages)
        var part = part
        for await batch in ring.loaded {
            part = try pages.add(batch, to: part, &count, on: connection)
            guard try pages.next(on: connection) != nil else { break }
            ring.recycle(batch.slot, holdsLongPermit: batch.holdsLongPermit)
        }
        guard try pages.next(on: connection) == nil else { return nil }
        try part.seal()
        return count
    }

    private func places(
        with statements: LateStatements, of file: StagedFile, on connection: isolated Connection
    ) throws -> Set<Int> {
        let starts = file.checkpoints.places.map { String($0.byte) }.joined(separator: ",")
        let answer = try connection.query(statements.hit, ["{\(starts)}"])
        return Set(answer.rows.indices.map { answer.number("place", row: $0) - 1 })
    }

    // MARK: Under stop

    /// Finds the record that the target refuses, and says so.
    ///
    /// - Parameter refusal: of the statement that was to move all rows of the file.
    /// - Returns: nil where no record is refused alone, after those before it.
    mutating func failure(
        _ refusal: ServerDiagnostics, _ file: StagedFile,
        on connection: isolated Connection
    ) async throws -> Failure? {
        let answer = try sort(file, most: 0, mostLeading: .max, on: connection)
        guard answer.number("refused") > 0 else { return nil }
        let last = try connection.query(statements(file).last)
        let offset = last.number("n")
        let refused = RefusedRecord(last, row: 0, index: 0)
        var failure = Failure(.server(refusal.naming(refused)))
        failure.order = Failure.Order(file: file.file, byte: offset)
        let place = try await place(of: offset, in: file, on: connection)
        failure.location =
            place?.location ?? SourceLocation(file: file.plan.name, byteOffset: offset)
        failure.location?.column = refused.column
        failure.record = place?.record
        if place == nil { failure.message += " (in the record at byte \(offset))" }
        return failure
    }

    private struct Place: Sendable {
        let location: SourceLocation
        let record: String
    }

    /// - Returns: nil for a stream, whose bytes are gone.
    private func place(
        of offset: Int, in file: StagedFile, on connection: isolated Connection
    ) async throws -> Place? {
        guard rereading.canRead(file) else { return nil }
        let needed = file.checkpoints.places.lastIndex { $0.byte <= offset }
        return try await rereading.read(
            file, from: needed.map { [$0] } ?? [], on: connection
        ) { ring, _ in
            for await batch in ring.loaded {
                if batch.range.contains(offset) {
                    guard let index = batch.record(atSourceOffset: offset) else { return nil }
                    return Place(
                        location: batch.location(ofRecord: index),
                        record: batch.excerpt(ofRecord: index))
                }
                ring.recycle(batch.slot, holdsLongPermit: batch.holdsLongPermit)
            }
            return nil
        }
    }
}

extension ServerDiagnostics {
    /// The same, or what the server said of this record alone.
    fileprivate func naming(_ record: RefusedRecord) -> ServerDiagnostics {
        guard record.sqlState != sqlState || record.message != message else { return self }
        var diagnostics = ServerDiagnostics(sqlState: record.sqlState, message: record.message)
        diagnostics.detail = record.detail
        diagnostics.columnName = record.column
        diagnostics.constraintName = record.constraint
        return diagnostics
    }
}

/// The refused records of a file, page by page, in the order of the source.
private struct LatePages {
    private let statements: LateStatements
    private var page: QueryResult?
    private var row = 0
    private var last = -1

    init(_ statements: LateStatements) {
        self.statements = statements
    }

    /// Where the next one begins; nil: there is none.
    mutating func next(on connection: isolated Connection) throws -> Int? {
        if let page, row < page.rows.count { return page.number("n", row: row) }
        guard page?.rows.isEmpty != true else { return nil }
        page = try connection.query(statements.rejects, [String(last)])
        row = 0
        return page.flatMap { $0.rows.isEmpty ? nil : $0.number("n") }
    }

    /// Writes those of a batch.
    mutating func add(
        _ batch: Batch, to part: consuming RejectPart, _ count: inout Int,
        on connection: isolated Connection
    ) throws -> RejectPart {
        var sink = RejectSink(batch, part: part, writesMalformed: false)
        while let offset = try next(on: connection), let page, offset < batch.range.upperBound {
            guard let index = batch.record(atSourceOffset: offset) else {
                throw Rereading.hasChanged(batch.plan.name)
            }
            try sink.add(RefusedRecord(page, row: row, index: index))
            (last, row) = (offset, row + 1)
            count += 1
        }
        return sink.release()
    }
}
