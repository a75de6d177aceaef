/// The five characters by which PostgreSQL names an error or a notice.
public struct SQLState: Hashable, Sendable, CustomStringConvertible {
    /// Five characters, digits and upper-case ASCII letters.
    public let code: String

    /// Answers `nil` for what is not five digits or upper-case ASCII letters.
    public init?(_ code: some StringProtocol) {
        let isWellFormed = code.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        }
        guard code.utf8.count == 5, isWellFormed else { return nil }
        self.code = String(code)
    }

    private init(known code: String) {
        self.code = code
    }

    /// The first two characters: what kind of error it is.
    public var classCode: String { String(code.prefix(2)) }

    public var description: String { code }
}

extension SQLState {
    public static let readOnlyTransaction = SQLState(known: "25006")
    public static let transactionTimeout = SQLState(known: "25P04")
    public static let invalidPassword = SQLState(known: "28P01")
    public static let invalidCatalogName = SQLState(known: "3D000")
    public static let serializationFailure = SQLState(known: "40001")
    public static let deadlockDetected = SQLState(known: "40P01")
    public static let insufficientPrivilege = SQLState(known: "42501")
    public static let diskFull = SQLState(known: "53100")
    public static let outOfMemory = SQLState(known: "53200")
    public static let tooManyConnections = SQLState(known: "53300")
    public static let lockNotAvailable = SQLState(known: "55P03")
    public static let queryCanceled = SQLState(known: "57014")
    public static let adminShutdown = SQLState(known: "57P01")
    public static let cannotConnectNow = SQLState(known: "57P03")
    public static let databaseDropped = SQLState(known: "57P04")
}
