import SluiceCore
import SluicePostgres

/// What ended an import, as the pipeline throws it: an `ImportError` without its report.
struct Failure: Error, Sendable {
    var code: ImportError.Code
    var message: String
    var location: SourceLocation?
    var record: String?
    var server: ServerDiagnostics?
    /// The server's, or that of a connection that did not come about.
    var sqlState: SQLState?
    var advice: String?
    /// A record is to blame: its shape, or a value of it.
    var isAboutData = false
    /// By which the earliest of several is found: the file's position and the byte in it.
    var order: Order?

    struct Order: Comparable, Sendable {
        var file: Int
        var byte: Int

        static func < (left: Order, right: Order) -> Bool {
            (left.file, left.byte) < (right.file, right.byte)
        }
    }

    init(
        _ code: ImportError.Code, _ message: String, location: SourceLocation? = nil,
        advice: String? = nil
    ) {
        self.code = code
        self.message = message
        self.location = location
        self.advice = advice
    }
}

extension Failure {
    static let cancelled = Failure(.cancelled, "cancelled")

    /// What a task of the pipeline threw; nil for the cancellation that another's failure caused.
    static func cause(of error: any Error) -> Failure? {
        switch error {
        case is CancellationError: nil
        case let failure as Failure: failure
        case PostgresError.cancelled: nil
        case let error as PostgresError: Failure(error)
        default: Failure(.fault, String(describing: error))
        }
    }
}

// MARK: The server's errors

extension Failure {
    init(_ error: PostgresError) {
        switch error {
        case .connectionFailed(let message, let state):
            self.init(Self.code(of: state, otherwise: .server), Self.oneLine(message))
            sqlState = state
            advice = "check host, port, user and database, and that the server runs"
        case .connectTimeout(let duration):
            self.init(.server, "the server did not answer within \(duration)")
            advice = "check host and port, and that the server runs"
        case .connectionLost(let message):
            self.init(.server, "the connection to the server was lost: \(Self.oneLine(message))")
            advice = "look into the server's log"
        case .server(let diagnostics):
            self.init(Self.code(of: diagnostics.sqlState, otherwise: .data), diagnostics.message)
            server = diagnostics
            sqlState = diagnostics.sqlState
            advice = Self.advice(diagnostics.sqlState)
            if diagnostics.sqlState.isAboutData { blameData() }
        case .stalled(let duration):
            self.init(.server, "the server has shown no progress for \(duration)")
            advice = "look at pg_stat_activity for what it waits for; see --stall-timeout"
        case .commitUncertain(let cause):
            self.init(.server, "COMMIT was not answered: \(Failure(cause).message)")
        case .protocolViolation(let message):
            self.init(.fault, message)
        case .cancelled:
            self = .cancelled
        case .falseAlarm, .rolledBack, .poolClosed, .outOfMemory:
            self.init(.fault, "unexpected: \(error)")
        }
    }

    /// libpq's own messages have several.
    private static func oneLine(_ message: String) -> String {
        message.split(whereSeparator: \.isNewline)
            .map { String($0.drop(while: \.isWhitespace)) }.joined(separator: " ")
    }

    /// The kind of failure that an SQLSTATE stands for.
    private static func code(
        of state: SQLState?, otherwise code: ImportError.Code
    ) -> ImportError.Code {
        guard let state else { return code }
        if state == .insufficientPrivilege { return .permission }
        switch state.classCode {
        case "28": return .permission
        case "08", "25", "3D", "40", "53", "55", "57", "58": return .server
        default: return .data
        }
    }

    /// A record has caused it.
    mutating func blameData() {
        isAboutData = true
        advice = "mend the line, or the table, or leave such records out with --on-error reject"
    }

    private static func advice(_ state: SQLState) -> String? {
        if state == .insufficientPrivilege {
            return "ask the table's owner to GRANT it, or load as another"
        }
        switch state.classCode {
        case "55": return "somebody holds the table: try again, or see --lock-timeout"
        case "40", "57": return "run the command again"
        case "53": return "give the server what it lacks, and run the command again"
        case "42": return "name another table, or make it"
        default: return nil
        }
    }
}

extension SQLState {
    /// Of an error that a record's values have caused, so that it may be another record's turn.
    var isAboutData: Bool {
        Self.dataClasses.contains(classCode) || Self.dataCodes.contains(code)
    }

    static let dataClasses = ["21", "22", "23", "44", "P0"]
    static let dataCodes = ["54000", "42622"]

    /// Of an error that a value may have caused, and the statement as well: a `regclass` of no table,
    /// say, or json that nests too deep.
    var mayBeAboutValue: Bool {
        self != .insufficientPrivilege
            && (Self.valueClasses.contains(classCode) || Self.valueCodes.contains(code))
    }

    static let valueClasses = ["3F", "42"]
    static let valueCodes = ["0A000", "54001"]
}
