import Logging
import SluiceCore
import SluicePostgres

/// Reads stretches of the import's files once more, when all of them are read.
struct Rereading: Sendable {
    /// The import's.
    let reader: SourceReader
    /// The import's too, which has no more use for them.
    let slots: [Slot]

    /// Whether the file's bytes can be had again.
    func canRead(_ file: StagedFile) -> Bool { reader.inputs[file.file].canBeReopened }

    static func hasChanged(_ name: String) -> Failure {
        Failure(
            .io, "\(name) has changed while it was loaded", location: SourceLocation(file: name),
            advice: "load a copy that nobody writes to")
    }

    /// Hands over a file from some of its checkpoints on, each as far as the next one, in batches
    /// of any length.
    ///
    /// - Parameters:
    ///   - places: indices of the checkpoints.
    ///   - take: drains the ring, as far as it needs; nil when it did not find what it looked for.
    /// - Throws: what `take` throws; `Failure` when the file can't be read, or has changed.
    func read<Value: Sendable>(
        _ file: StagedFile, from places: Set<Int>, on connection: isolated Connection,
        _ take: (Ring, isolated Connection) async throws -> Value?
    ) async throws -> Value {
        let ring = Ring(slots: slots)
        let reader = reader(of: file, from: places, into: ring)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: reader.thread) {
                try await reader.readAgain(file: file.file)
            }
            let value = try await take(ring, connection)
            try Task.checkCancellation()
            if value == nil { try await group.waitForAll() }
            group.cancelAll()
            guard let value else { throw Self.hasChanged(file.plan.name) }
            return value
        }
    }

    private func reader(
        of file: StagedFile, from places: Set<Int>, into ring: Ring
    ) -> SourceReader {
        var reader = reader
        reader.ring = ring
        reader.totals = Totals(inputs: reader.inputs.map { ($0.name, nil) })
        reader.rejects = nil
        reader.done[file.file] = file.checkpoints.passed(byNeeding: places, file: file.file)
        reader.verifiesBorders = false
        reader.logger = Logger(label: "again", factory: { _ in SwiftLogNoOpLogHandler() })
        reader.beforeFirstBatch = { _ in }
        reader.beforeBatch = { _ in }
        return reader
    }
}

extension SourceReader {
    /// Hands over one input, but for what is `done` of it.
    fileprivate func readAgain(file: Int) async throws {
        defer { ring.finish() }
        let slot = try await vacantSlot()
        var reading = FileReading(self, file: file, input: try open(file), slot: slot)
        do {
            try await reading.run()
        } catch let failure as Failure where failure.code == .data {
            throw Rereading.hasChanged(inputs[file].name)
        }
    }
}
