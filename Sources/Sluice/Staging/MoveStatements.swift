import SluicePostgres

/// The SQL that moves staged rows into the target, all in one transaction.
struct MoveStatements {
    let target: Target
    let files: [StagedFile]

    static let open = "SAVEPOINT pgsluice_move"
    static let release = "RELEASE SAVEPOINT pgsluice_move"
    static let undo = "ROLLBACK TO SAVEPOINT pgsluice_move; \(release)"

    /// Before all else: whoever reads a staging table must not hold up its end.
    var lock: String { "LOCK TABLE \(tables) IN ACCESS EXCLUSIVE MODE" }

    var drop: String { "DROP TABLE \(tables)" }

    private var tables: String {
        files.compactMap { $0.plan.staging?.sql }.joined(separator: ", ")
    }

    /// Answers `rows`.
    static func count(_ table: StagingTable) -> String {
        "SELECT pg_catalog.count(*) AS rows FROM \(table.sql)"
    }

    /// All rows at once, in the order of the file: those that refer to each other need that.
    func insert(_ plan: FilePlan, from table: StagingTable) -> String {
        let columns = plan.columns.map(SQLIdentifier.quote).joined(separator: ", ")
        return """
            INSERT INTO \(target.sql) (\(columns)) OVERRIDING SYSTEM VALUE \
            SELECT \(columns) FROM \(table.sql) ORDER BY \(StagingTable.offsetColumn)
            """
    }
}
