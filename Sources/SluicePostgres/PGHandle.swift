import CLibpq
import Glibc

/// One `PGconn`, from `PQconnectStartParams` to `PQfinish`.
///
/// Not `Sendable`: it lives in its `Connection`, on whose thread all is called. Nothing here waits
/// (but for the name service, within `pollConnect`).
final class PGHandle {
    private let connection: OpaquePointer
    private let notices: NoticeReceiver

    /// Starts to connect.
    ///
    /// - Throws: `outOfMemory`, and `connectionFailed` for parameters that libpq refuses.
    /// The libpq function is `PQconnectStartParams`.
    init(_ parameters: ConnectionParameters, notices: NoticeReceiver) throws(PostgresError) {
        let pairs = parameters.keywordsAndValues
        let started = withCStrings(pairs.map(\.keyword)) { keywords in
            withCStrings(pairs.map(\.value)) { values in
                PQconnectStartParams(keywords, values, 1)
            }
        }
        guard let started else { throw .outOfMemory }
        connection = started
        self.notices = notices
        PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        notices.receive(from: connection)
        guard isGood else { throw connectFailure }
    }

    deinit {
        PQfinish(connection)
    }

    // MARK: Connecting

    /// The next step of connecting; the socket may be another one after it.
    ///
    /// The libpq function is `PQconnectPoll`.
    func pollConnect() -> PostgresPollingStatusType { PQconnectPoll(connection) }

    /// From now on nothing that is sent waits. The libpq function is `PQsetnonblocking`.
    func becomeNonblocking() throws(PostgresError) {
        guard PQsetnonblocking(connection, 1) == 0 else { throw failure }
    }

    /// Why it could not connect.
    var connectFailure: PostgresError {
        let failure = ConnectFailure(verboseMessage: errorMessage)
        return .connectionFailed(message: failure.message, sqlState: failure.sqlState)
    }

    /// `connect_timeout`, as given in a conninfo, a service file or PGCONNECT_TIMEOUT, if positive.
    var connectTimeout: Duration? {
        let seconds = Conninfo.used(by: connection)["connect_timeout"].flatMap { Int($0) }
        return seconds.flatMap { $0 > 0 ? .seconds($0) : nil }
    }

    // MARK: State

    /// The libpq function is `PQsocket`; -1 is none.
    var socket: Int32 { PQsocket(connection) }

    /// The libpq function is `PQstatus`.
    var isGood: Bool { PQstatus(connection) != CONNECTION_BAD }

    /// Whether a result can be had without waiting. The libpq function is `PQisBusy`, which also
    /// parses what was read, and so delivers notices.
    var isBusy: Bool { PQisBusy(connection) == 1 }

    /// The libpq function is `PQtransactionStatus`.
    var transactionStatus: TransactionStatus {
        TransactionStatus(PQtransactionStatus(connection))
    }

    /// The libpq function is `PQserverVersion`.
    var serverVersion: Int { Int(PQserverVersion(connection)) }

    /// The libpq function is `PQbackendPID`.
    var backendPID: Int32 { PQbackendPID(connection) }

    /// The libpq function is `PQparameterStatus`.
    func parameterStatus(_ name: String) -> String? {
        PQparameterStatus(connection, name).map { String(cString: $0) }
    }

    /// The libpq function is `PQgetCancel`.
    func makeCancelRequest() -> CancelRequest? {
        PQgetCancel(connection).map { CancelRequest($0) }
    }

    /// How many notices were delivered.
    var noticeCount: Int { notices.count }

    /// What libpq says of a call that failed.
    var failure: PostgresError {
        isGood ? .protocolViolation(errorMessage) : .connectionLost(message: errorMessage)
    }

    private var errorMessage: String { trimmed(PQerrorMessage(connection)) }

    // MARK: Sending and receiving

    /// One statement with parameters, or several without.
    ///
    /// The libpq functions are `PQsendQueryParams` and `PQsendQuery`.
    func send(_ sql: String, _ parameters: [String?]) throws(PostgresError) {
        guard !sql.utf8.contains(0), !parameters.contains(where: { $0?.utf8.contains(0) == true })
        else { throw .protocolViolation("a NUL character in a statement or its parameters") }
        let isSent =
            if parameters.isEmpty {
                PQsendQuery(connection, sql)
            } else {
                withCStrings(parameters) { values in
                    PQsendQueryParams(
                        connection, sql, Int32(parameters.count), nil, values, nil, nil, 0)
                }
            }
        guard isSent == 1 else { throw failure }
    }

    /// Sends what is queued, as far as the system takes it. The libpq function is `PQflush`.
    ///
    /// Answers whether nothing is left, or the connection is lost, which a result explains.
    func flush() -> Bool { PQflush(connection) != 1 }

    /// Whether the bytes that have come begin with an error: false where they can't be seen, as
    /// under TLS. A part of another message may look the same.
    var seesErrorNext: Bool {
        guard PQsslInUse(connection) == 0, PQgssEncInUse(connection) == 0 else { return false }
        var type: UInt8 = 0
        let flags = Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)
        return recv(socket, &type, 1, flags) == 1 && type == UInt8(ascii: "E")
    }

    /// Reads what has come. The libpq function is `PQconsumeInput`.
    ///
    /// Answers false when the connection is lost; a result may still say why.
    func consumeInput() -> Bool { PQconsumeInput(connection) == 1 }

    /// The libpq function is `PQgetResult`; it waits while `isBusy`.
    func nextResult() -> PGResult? { PQgetResult(connection).map { PGResult($0) } }

    /// Queues bytes of COPY. The libpq function is `PQputCopyData`.
    ///
    /// Answers false when the connection is lost; the result after the COPY's end says why.
    func putCopyData(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) -> Bool {
        switch PQputCopyData(connection, bytes.baseAddress, Int32(bytes.count)) {
        case 1: return true
        // Full is what libpq says here; but it is empty, so that it lacks the memory.
        case 0: throw .outOfMemory
        default: return false
        }
    }

    /// Queues the end of COPY; with a message, its failure. The libpq function is `PQputCopyEnd`.
    ///
    /// That it fails means that the connection is lost, which the result says too.
    func putCopyEnd(failingWith message: String?) {
        _ = PQputCopyEnd(connection, message)
    }
}

/// Where a connection is in its transaction.
package enum TransactionStatus: Hashable, Sendable {
    case idle
    /// A statement is under way.
    case active
    case inTransaction
    /// In a transaction that failed, and that only ROLLBACK ends.
    case inError
    /// There is no connection.
    case unknown

    fileprivate init(_ status: PGTransactionStatusType) {
        switch status {
        case PQTRANS_IDLE: self = .idle
        case PQTRANS_ACTIVE: self = .active
        case PQTRANS_INTRANS: self = .inTransaction
        case PQTRANS_INERROR: self = .inError
        default: self = .unknown
        }
    }
}

/// libpq's messages end with a line feed.
func trimmed(_ message: UnsafePointer<CChar>?) -> String {
    guard let message else { return "" }
    var text = String(cString: message)
    while text.last?.isNewline == true { text.removeLast() }
    return text
}
