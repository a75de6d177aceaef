import CLibpq

/// What the server says with an error or a notice, field by field.
///
/// What the server did not send is `nil`. Texts are in the language of the server
/// (`lc_messages`), so that decisions are made by `sqlState`.
public struct ServerDiagnostics: Hashable, Sendable {
    /// `ERROR`, `FATAL`, `WARNING` …, translated.
    public var severity: String?
    /// The same in English.
    public var severityNonlocalized: String?
    public var sqlState: SQLState
    /// One line, without the severity.
    public var message: String
    public var detail: String?
    public var hint: String?
    /// The character of the statement that the error is at, counted from 1.
    public var statementPosition: Int?
    /// The character of `internalQuery` that the error is at, counted from 1.
    public var internalPosition: Int?
    /// The statement, not of the client, that failed: one of a function, say.
    public var internalQuery: String?
    /// Where it happened, innermost first, a line each.
    public var context: String?
    public var schemaName: String?
    public var tableName: String?
    public var columnName: String?
    public var dataTypeName: String?
    public var constraintName: String?
    /// The place in the server's own source.
    public var sourceFile: String?
    public var sourceLine: Int?
    public var sourceFunction: String?

    package init(sqlState: SQLState, message: String) {
        self.sqlState = sqlState
        self.message = message
    }

    /// Whether the server ends the connection with it.
    package var endsConnection: Bool {
        severityNonlocalized == "FATAL" || severityNonlocalized == "PANIC"
    }

    /// Copies the fields of a `PGresult`; `nil` if libpq made it, which gives no SQLSTATE.
    ///
    /// The libpq function is `PQresultErrorField`.
    init?(of result: OpaquePointer) {
        func field(_ field: DiagnosticField) -> String? {
            PQresultErrorField(result, field.code).map { String(cString: $0) }
        }
        guard let sqlState = field(.sqlState).flatMap({ SQLState($0) }) else { return nil }
        self.init(sqlState: sqlState, message: field(.message) ?? "")
        severity = field(.severity)
        severityNonlocalized = field(.severityNonlocalized)
        detail = field(.detail)
        hint = field(.hint)
        statementPosition = field(.statementPosition).flatMap { Int($0) }
        internalPosition = field(.internalPosition).flatMap { Int($0) }
        internalQuery = field(.internalQuery)
        context = field(.context)
        schemaName = field(.schemaName)
        tableName = field(.tableName)
        columnName = field(.columnName)
        dataTypeName = field(.dataTypeName)
        constraintName = field(.constraintName)
        sourceFile = field(.sourceFile)
        sourceLine = field(.sourceLine).flatMap { Int($0) }
        sourceFunction = field(.sourceFunction)
    }
}

/// The `PG_DIAG_*` macros: Swift imports no character constants.
private enum DiagnosticField: Unicode.Scalar {
    case severity = "S"
    case severityNonlocalized = "V"
    case sqlState = "C"
    case message = "M"
    case detail = "D"
    case hint = "H"
    case statementPosition = "P"
    case internalPosition = "p"
    case internalQuery = "q"
    case context = "W"
    case schemaName = "s"
    case tableName = "t"
    case columnName = "c"
    case dataTypeName = "d"
    case constraintName = "n"
    case sourceFile = "F"
    case sourceLine = "L"
    case sourceFunction = "R"

    var code: Int32 { Int32(rawValue.value) }
}
