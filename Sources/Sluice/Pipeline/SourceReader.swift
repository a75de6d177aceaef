import Logging
import SluiceCodec
import SluiceCore
import SluiceSource

/// The producer: reads the inputs one after the other, settles where records end, and hands whole
/// batches to the workers. Runs on the source's own thread.
struct SourceReader: Sendable {
    let inputs: [ImportSource.Input]
    let mapping: ColumnMapping
    var ring: Ring
    var totals: Totals
    let thread: OwnThread
    let batchLength: BatchLength
    let usesBinaryLane: Bool
    /// Reads on behind malformed records; else the first one ends the import.
    let recovers: Bool
    /// Where the rows go first; nil: into the target at once.
    var staging: Staging?
    /// Where rejects are kept; nil: nothing is rejected.
    var rejects: RejectFiles?
    /// For each input the batches that an earlier run has loaded, by their start.
    var done: [[LedgerBatch]]
    /// Nothing may stand behind them.
    let isFinished: Bool
    /// All of them are compared with the input, not only the first and the last one.
    let verifiesSource: Bool
    /// The first and the last one of them are.
    var verifiesBorders = true
    var logger: Logger
    /// Called once, when the first batch is ready or there is none.
    var beforeFirstBatch: @Sendable (ImportStart.Content) async throws -> Void
    /// Called for each batch before it is handed over.
    var beforeBatch: @Sendable (Batch) async throws -> Void = { _ in }

    /// Opens each regular file and maps its header, so that a file that does not fit is known
    /// before the first row is sent.
    func readHeaders() async throws {
        for file in inputs.indices where inputs[file].canBeReopened {
            let slot = try await vacantSlot()
            var reading = FileReading(
                self, file: file, input: try open(file), slot: slot, isPreview: true)
            try await reading.readHeader()
        }
    }

    /// Hands over all inputs.
    func run() async throws {
        var hasStarted = false
        var hasContent = false
        var begun = 0
        for file in inputs.indices {
            let slot = try await vacantSlot()
            var reading = FileReading(self, file: file, input: try open(file), slot: slot)
            reading.hasStarted = hasStarted
            reading.begun = begun
            try await reading.run()
            hasStarted = reading.hasStarted
            begun = reading.begun
            hasContent = hasContent || reading.hasHeader
            totals.completed(file: file)
        }
        if !hasStarted { try await beforeFirstBatch(hasContent ? .headerOnly : .nothing) }
        ring.finish()
    }
}

extension SourceReader {
    func open(_ file: Int) throws -> OpenInput {
        do {
            return try OpenInput(inputs[file])
        } catch {
            throw failure(error, file: file)
        }
    }

    func vacantSlot() async throws -> Slot {
        for await slot in ring.vacant { return slot }
        throw CancellationError()
    }

    func plan(file: Int, fields: [Int?]) throws -> FilePlan {
        try FilePlan(
            name: inputs[file].name, target: mapping.target, fields: fields, csv: mapping.csv,
            usesBinaryLane: usesBinaryLane, staging: staging?.table(ofFile: file))
    }

    /// Reads what there is; 0 is the end.
    func read(
        _ input: inout OpenInput, into room: UnsafeMutableRawBufferPointer, file: Int
    ) async throws -> Int {
        while true {
            try Task.checkCancellation()
            do {
                return try await input.read(into: room, on: thread)
            } catch let error as SourceError {
                // Woken: look whether that was for a cancellation.
                if error.kind == .interrupted { continue }
                throw failure(error, file: file)
            } catch {
                // What a caller's sequence throws; its CancellationError too, if we are not cancelled.
                try Task.checkCancellation()
                throw failure(.io, "could not be read: \(error)", file: file)
            }
        }
    }

    func failure(_ error: SourceError, file: Int) -> Failure {
        failure(
            error.kind == .unopenable ? .input : .io, error.description, file: file)
    }

    func failure(
        _ code: ImportError.Code, _ message: String, file: Int, advice: String? = nil
    ) -> Failure {
        var failure = Failure(
            code, message, location: SourceLocation(file: inputs[file].name), advice: advice)
        failure.order = Failure.Order(file: file, byte: 0)
        return failure
    }
}
