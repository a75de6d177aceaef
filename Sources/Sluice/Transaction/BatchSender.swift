import SluiceCodec
import SluiceCore
import SluicePostgres

/// Encodes records of a batch and sends them into the COPY that is open. The batch stays as it was.
struct BatchSender {
    let batch: Batch

    /// What is given to libpq at a time.
    private static let pieceLength = ByteCount.kibibytes(256)

    /// - Parameter prefix: nil: as the batch's table has it.
    func sendText(
        _ records: UnsafeBufferPointer<RecordBounds>, prefix: RecordPrefix? = nil,
        on connection: isolated Connection
    ) throws {
        var encoder = TextEncoder(
            layout: batch.plan.layout, prefix: prefix ?? batch.stagedPrefix)
        try send(on: connection) { piece in
            encoder.encode(records, of: batch.bytes, into: piece)
        }
    }

    /// - Parameters:
    ///   - layout: nil: the plan's.
    ///   - unsure: takes the places in `records` of those that were left out.
    func sendBinary(
        _ records: UnsafeBufferPointer<RecordBounds>, _ session: SessionTime,
        layout: RecordLayout? = nil, unsure: inout [UInt32], on connection: isolated Connection
    ) throws {
        var encoder = BinaryEncoder(
            layout: layout ?? batch.plan.layout, types: batch.plan.binaryTypes(session),
            offsetBase: batch.plan.staging.map { _ in batch.sourceOffset(0) })
        try send(on: connection) { piece in
            encoder.encode(records, of: batch.bytes, into: piece, unsure: &unsure)
        }
    }

    /// Sends what `layout` leaves of all records, each behind its place in the source; records with
    /// a value that the encoder is not sure of are left out.
    func sendBinary(
        narrowedTo layout: RecordLayout, _ session: SessionTime, on connection: isolated Connection
    ) throws {
        let types = zip(layout.fields, batch.plan.binaryTypes(session))
            .map { $0.isDropped ? nil : $1 }
        var encoder = BinaryEncoder(
            layout: layout, types: types, offsetBase: batch.sourceOffset(0))
        var unsure: [UInt32] = []
        try send(on: connection) { piece in
            encoder.encode(batch.records, of: batch.bytes, into: piece, unsure: &unsure)
        }
    }

    /// Sends all of the batch into the binary COPY that is open, and ends it; records with a value
    /// that the encoder is not sure of go in a second one, in text.
    func finishBinary(
        _ session: SessionTime, on connection: isolated Connection
    ) throws -> LoadedRows {
        var unsure: [UInt32] = []
        try sendBinary(batch.records, session, unsure: &unsure, on: connection)
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

    private func send(
        on connection: isolated Connection,
        _ encode: (UnsafeMutableRawBufferPointer) -> (written: Int, isFinished: Bool)
    ) throws {
        let piece = connection.room(Self.pieceLength)
        var isFinished = false
        while !isFinished {
            let progress = encode(piece)
            isFinished = progress.isFinished
            try connection.put(UnsafeRawBufferPointer(rebasing: piece[..<progress.written]))
        }
    }
}

extension Batch {
    /// A staging table keeps where each record began.
    var stagedPrefix: RecordPrefix {
        plan.staging == nil ? .none : .offsets(base: sourceOffset(0))
    }
}
