import SluicePostgres

extension ConnectionPool {
    /// Does what may be done twice, again and again as long as the server is away.
    ///
    /// - Parameter mayHelp: whether there is another try after an error.
    func retrying<Value: Sendable>(
        _ timeout: Duration, if mayHelp: (PostgresError) -> Bool = { $0.isLoss },
        _ body: @Sendable (isolated Connection) async throws -> Value
    ) async throws -> Value {
        var retry = Retry(timeout: timeout)
        while true {
            do {
                return try await withConnection(body)
            } catch let error as PostgresError {
                let cause = if case .commitUncertain(let cause) = error { cause } else { error }
                guard mayHelp(cause),
                    let pause = retry.pause(after: cause, at: .now)
                else { throw error }
                try await Task.sleep(for: pause)
            }
        }
    }
}
