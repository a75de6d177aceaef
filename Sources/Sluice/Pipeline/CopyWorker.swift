import SluiceCodec
import SluiceCore
import SluicePostgres

/// Drains the loaded batches: each one is a transaction on a connection from the pool.
struct CopyWorker: Sendable {
    let ring: Ring
    let pool: ConnectionPool
    let target: Target
    let totals: Totals

    /// What is given to libpq at a time.
    private static let pieceLength = ByteCount.kibibytes(256)

    func run() async throws {
        for await batch in ring.loaded {
            // Batches are handed out after a cancellation too.
            try Task.checkCancellation()
            if batch.recordCount > 0 { try await load(batch) }
            batch.slot.trim(touched: batch.touched)
            ring.vacate(batch.slot)
        }
        // The stream ends by cancellation too.
        try Task.checkCancellation()
    }

    private func load(_ batch: Batch) async throws {
        do {
            let rows = try await pool.withConnection { connection in
                try attempt(batch, on: connection)
            }
            totals.committed(batch, rows: rows)
        } catch let error as PostgresError where error != .cancelled {
            throw Failure(error, in: batch)
        }
    }

    /// Loads all records in one transaction.
    ///
    /// - Returns: how many rows the server stored.
    private func attempt(
        _ batch: Batch, on connection: isolated Connection
    ) throws(PostgresError) -> Int {
        do {
            try begin(batch, on: connection)
            try send(batch, on: connection)
            let rows = try connection.finishCopy()
            try connection.commit()
            return rows
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// One message for all that goes before the data; nothing in the database waits for us.
    private func begin(
        _ batch: Batch, on connection: isolated Connection
    ) throws(PostgresError) {
        let answers = try connection.beginCopy(
            """
            BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
            SET LOCAL client_encoding = 'UTF8'; \
            SELECT \(SQLLiteral.quote(target.sql))::pg_catalog.regclass::pg_catalog.oid AS oid; \
            \(batch.plan.copy)
            """)
        guard answers.last?[row: 0, column: "oid"] == target.oid else {
            throw .protocolViolation("the table \(target.sql) was replaced while it was loaded")
        }
    }

    private func send(
        _ batch: Batch, on connection: isolated Connection
    ) throws(PostgresError) {
        var encoder = TextEncoder(layout: batch.plan.layout)
        let piece = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.pieceLength.bytes, alignment: 64)
        defer { piece.deallocate() }
        var isFinished = false
        while !isFinished {
            let progress = encoder.encode(batch.records, of: batch.bytes, into: piece)
            isFinished = progress.isFinished
            try connection.put(UnsafeRawBufferPointer(rebasing: piece[..<progress.written]))
        }
    }
}
