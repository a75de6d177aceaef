import SluiceCore

/// What the caller does with rejects.
struct RejectHandler: Sendable {
    let handle: @Sendable (Reject) async throws -> Void

    func take(_ reject: Reject) async throws {
        do {
            try await handle(reject)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw Failure(
                .output, "a reject could not be handed over: \(error)", location: reject.location)
        }
    }
}
