public import SluicePostgres

/// What the ledger of a database knows of imports that were begun with it.
///
/// ```swift
/// let ledger = ImportLedger(ConnectionOptions())
/// for known in try await ledger.imports() ?? [] { print(known.id, known.state, known.rowsLoaded) }
/// ```
public struct ImportLedger: Sendable {
    private let connection: ConnectionOptions

    /// Each call connects anew.
    public init(_ connection: ConnectionOptions) {
        self.connection = connection
    }

    /// All imports, the latest first; nil: the database has no ledger.
    public func imports() async throws(LedgerError) -> [LedgerImport]? {
        try await asking { ledger in
            try Self.hasLedger(on: ledger) ? try Ledger.list(nil, on: ledger) : nil
        }
    }

    /// One import.
    ///
    /// - Throws: an error of the code `data` if there is no such import, or no ledger.
    public func `import`(_ id: String) async throws(LedgerError) -> LedgerImport {
        try await asking { ledger in
            try Self.requireLedger(for: id, on: ledger)
            guard let known = try Ledger.list(id, on: ledger).first else {
                throw Ledger.unknown(id)
            }
            return known
        }
    }

    /// Asks the run of an import to stop, which it does before its next batch; what is committed
    /// stays, and the import can go on later.
    ///
    /// - Throws: an error of the code `data` if there is no such import, or it is finished.
    public func requestStop(of id: String) async throws(LedgerError) {
        try await asking { ledger in
            try Self.requireLedger(for: id, on: ledger)
            try Ledger.requestStop(of: id, on: ledger)
        }
    }

    /// Drops an import from the ledger; its rows stay in the table. A run of it that is at work
    /// can't write any more.
    ///
    /// - Throws: an error of the code `data` if there is no such import, `taken` if a batch of it is
    ///   under way for too long.
    public func forget(_ id: String) async throws(LedgerError) {
        try await asking { ledger in
            try Self.requireLedger(for: id, on: ledger)
            try Ledger.forget(id, on: ledger)
        }
    }

    /// Drops all finished imports from the ledger, and answers how many there were.
    ///
    /// To run the command of one of them again then loads its rows again.
    public func prune() async throws(LedgerError) -> Int {
        try await asking { ledger in
            try Self.hasLedger(on: ledger) ? try Ledger.prune(on: ledger) : 0
        }
    }

    // MARK: Connection

    private static func hasLedger(on connection: isolated Connection) throws -> Bool {
        try (Ledger.version(on: connection) ?? 0) > 0
    }

    private static func requireLedger(for id: String, on connection: isolated Connection) throws {
        guard try hasLedger(on: connection) else {
            throw Failure(.data, "there is no import \(id): this database has no ledger")
        }
    }

    private func asking<Value: Sendable>(
        _ body: @Sendable (isolated Connection) async throws -> Value
    ) async throws(LedgerError) -> Value {
        let pool = ConnectionPool(
            ConnectionParameters(connection), maximum: 1,
            stallTimeout: LoadOptions().stallTimeout, onNotice: { _ in })
        let result: Result<Value, LedgerError>
        do {
            result = .success(try await pool.withConnection(body))
        } catch {
            result = .failure(LedgerError(Failure.cause(of: error) ?? .cancelled))
        }
        await pool.close()
        return try result.get()
    }
}

/// Why the ledger could not be asked, or would not do it.
public struct LedgerError: Error, Sendable {
    public var code: ImportError.Code
    /// What happened, in one line.
    public var message: String
    public var server: ServerDiagnostics?
    /// What the user may do about it.
    public var advice: String?

    init(_ failure: Failure) {
        code = failure.code
        message = failure.message
        server = failure.server
        advice = failure.advice
    }
}
