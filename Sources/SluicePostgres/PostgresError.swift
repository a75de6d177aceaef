/// Why a call to the server failed.
package enum PostgresError: Error, Hashable, Sendable {
    /// No connection came about: what libpq says, and the server's SQLSTATE if it had one.
    case connectionFailed(message: String, sqlState: SQLState?)
    /// No connection came about in time.
    case connectTimeout(after: Duration)
    /// The connection broke, and the server did not say why.
    case connectionLost(message: String)
    /// The server refused; after a FATAL the connection is gone too.
    case server(ServerDiagnostics)
    /// The server neither took nor sent a byte for this long.
    case stalled(after: Duration)
    /// `interrupt()` ended it, or the task that waited for a lease was cancelled.
    case cancelled
    /// COPY was ended early because the server seemed to have refused the data, and it had not.
    ///
    /// The transaction is lost, the data may be right: try again. The connection stays usable
    /// and will not look for errors early any more.
    case falseAlarm
    /// COMMIT was sent and not answered: what it did must be found out.
    indirect case commitUncertain(PostgresError)
    /// COMMIT was answered with ROLLBACK: the transaction had failed before.
    case rolledBack
    /// The pool is closed, or was while this waited for a lease.
    case poolClosed
    /// The server or libpq answered what cannot be, or was asked what cannot be.
    case protocolViolation(String)
    case outOfMemory

    /// The server's SQLSTATE, where it sent one.
    package var sqlState: SQLState? {
        switch self {
        case .connectionFailed(_, let sqlState): sqlState
        case .server(let diagnostics): diagnostics.sqlState
        case .commitUncertain(let cause): cause.sqlState
        case .connectTimeout, .connectionLost, .stalled, .cancelled, .falseAlarm, .rolledBack,
            .poolClosed, .protocolViolation, .outOfMemory:
            nil
        }
    }
}
