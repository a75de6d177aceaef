import CLibpq
import SluiceCore

extension Connection {
    /// Connects, once in a connection's life.
    ///
    /// The time is limited by `connect_timeout` where that is given, else by the parameters', over
    /// all hosts and addresses together; libpq's look-up of names does not heed it.
    /// - Parameter limit: replaces both.
    /// - Throws: `connectionFailed`, `connectTimeout`, `cancelled`, `outOfMemory`.
    /// The libpq functions are `PQconnectStartParams` and `PQconnectPoll`.
    package func open(within limit: Duration? = nil) throws(PostgresError) {
        precondition(handle == nil && copy.state == .idle, "a connection is opened once")
        try checkInterrupt()
        let handle = try PGHandle(parameters, notices: notices)
        let timeout = limit ?? handle.connectTimeout ?? parameters.connectTimeout
        try connect(handle, .connect(deadline: .now + timeout, timeout: timeout))
        try handle.becomeNonblocking()
        cancelRequest = handle.makeCancelRequest()
        self.handle = handle
    }

    private func connect(_ handle: PGHandle, _ patience: Patience) throws(PostgresError) {
        var event = OwnThread.Event.writable
        while true {
            try wait(for: event, on: handle.socket, patience)
            switch handle.pollConnect() {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: event = .readable
            case PGRES_POLLING_WRITING: event = .writable
            default: throw handle.connectFailure
            }
        }
    }
}
