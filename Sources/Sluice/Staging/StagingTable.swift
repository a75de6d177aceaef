import SluicePostgres

/// A table of ours that holds the rows of one file until all of them move into the target.
struct StagingTable: Hashable, Sendable {
    /// Where the row's record begins in its source.
    static let offsetColumn = "pgsluice_offset"
    static let namePrefix = "pgsluice_staging_"

    let name: String
    /// Schema-qualified and quoted.
    let sql: String

    /// - Parameter id: of the import's run.
    init(id: String, file: Int, target: Target) {
        name = "\(Self.namePrefix)\(id)_\(file)"
        sql = [target.schema, name].map(SQLIdentifier.quote).joined(separator: ".")
    }

    /// By which the tables of a run that was killed are known.
    static func comment(_ target: Target) -> String {
        "rows on their way into \(target.sql), by pgsluice --atomic"
    }

    /// Answers the columns whose values are compressed where they are long.
    var compressed: String {
        """
        SELECT attname FROM pg_catalog.pg_attribute WHERE attstorage IN ('x', 'm') AND attnum > 0 \
        AND attrelid = \(SQLLiteral.quote(sql))::pg_catalog.regclass
        """
    }

    /// A compressed value would stay so on its way into the target, whatever that says, and fit
    /// where it does not when COPY brings it.
    func uncompress(_ columns: [String]) -> String {
        let changes = columns.map { "ALTER \(SQLIdentifier.quote($0)) SET STORAGE EXTERNAL" }
        return "ALTER TABLE \(sql) \(changes.joined(separator: ", "))"
    }

    /// Logged: a crash must not lose what was acknowledged. May be run twice.
    ///
    /// - Parameter columns: names and types.
    func create(_ columns: String, for target: Target) -> String {
        """
        CREATE TABLE IF NOT EXISTS \(sql) (\(Self.offsetColumn) bigint NOT NULL, \(columns)); \
        COMMENT ON TABLE \(sql) IS \(SQLLiteral.quote(Self.comment(target)))
        """
    }
}
