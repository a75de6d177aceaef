import SluiceCodec
import SluiceCore
import SluicePostgres

/// One try at a batch: a transaction, whole or not at all. The batch stays as it was.
struct CopyAttempt {
    let batch: Batch
    let target: Target

    /// What is given to libpq at a time.
    private static let pieceLength = ByteCount.kibibytes(256)

    // MARK: Lanes

    func loadInText(on connection: isolated Connection) throws -> LoadedRows {
        try inTransaction(on: connection) {
            _ = try begin(batch.plan.copyText, on: connection)
            try sendText(batch.records, on: connection)
            return LoadedRows(inText: try connection.finishCopy())
        }
    }

    /// Records with a value that the encoder is not sure of go in a second COPY, in text.
    func loadInBinary(on connection: isolated Connection) throws -> LoadedRows {
        try inTransaction(on: connection) {
            let session = try begin(batch.plan.copyBinary, on: connection)
            let unsure = try sendBinary(session, on: connection)
            var loaded = LoadedRows(inBinary: try connection.finishCopy(), unsure: unsure.count)
            guard !unsure.isEmpty else { return loaded }
            _ = try connection.beginCopy(batch.plan.copyText)
            let records = unsure.map { batch.records[Int($0)] }
            try records.withUnsafeBufferPointer { records in
                try sendText(records, on: connection)
            }
            loaded.inText = try connection.finishCopy()
            return loaded
        }
    }

    // MARK: Transaction

    private func inTransaction(
        on connection: isolated Connection, _ load: () throws -> LoadedRows
    ) throws -> LoadedRows {
        do {
            let loaded = try load()
            try connection.commit()
            return loaded
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// One message for all that goes before the data; nothing in the database waits for us.
    ///
    /// - Returns: the settings that change what a value means.
    func begin(
        _ copy: String, on connection: isolated Connection
    ) throws -> SessionTime {
        let answers = try connection.beginCopy(
            """
            BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
            SET LOCAL client_encoding = 'UTF8'; \
            SELECT \(SQLLiteral.quote(target.sql))::pg_catalog.regclass::pg_catalog.oid AS oid, \
            pg_catalog.current_setting('TimeZone') AS zone, \
            pg_catalog.current_setting('timezone_abbreviations') AS abbreviations; \
            \(copy)
            """)
        guard let answer = answers.last, answer[row: 0, column: "oid"] == target.oid else {
            throw Failure(.data, "the table \(target.sql) was replaced while it was loaded")
        }
        return SessionTime(
            zoneIsUTC: ["UTC", "Etc/UTC"].contains(answer[row: 0, column: "zone"]),
            knowsAbbreviations: answer[row: 0, column: "abbreviations"] == "Default")
    }

    // MARK: Data

    func sendText(
        _ records: UnsafeBufferPointer<RecordBounds>, on connection: isolated Connection
    ) throws {
        var encoder = TextEncoder(layout: batch.plan.layout)
        try send(on: connection) { piece in
            encoder.encode(records, of: batch.bytes, into: piece)
        }
    }

    /// - Returns: the records that were left out.
    private func sendBinary(
        _ session: SessionTime, on connection: isolated Connection
    ) throws -> [UInt32] {
        var encoder = BinaryEncoder(
            layout: batch.plan.layout, types: batch.plan.binaryTypes(session))
        var unsure: [UInt32] = []
        try send(on: connection) { piece in
            encoder.encode(batch.records, of: batch.bytes, into: piece, unsure: &unsure)
        }
        return unsure
    }

    private func send(
        on connection: isolated Connection,
        _ encode: (UnsafeMutableRawBufferPointer) -> (written: Int, isFinished: Bool)
    ) throws {
        let piece = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.pieceLength.bytes, alignment: 64)
        defer { piece.deallocate() }
        var isFinished = false
        while !isFinished {
            let progress = encode(piece)
            isFinished = progress.isFinished
            try connection.put(UnsafeRawBufferPointer(rebasing: piece[..<progress.written]))
        }
    }
}
