import SluicePostgres

/// The table to load, as the catalog knows it. Resolved once; from then on named by its schema.
struct Target: Sendable {
    var oid: String
    var schema: String
    var name: String
    /// Schema-qualified, quoted where need be: as people and SQL write it.
    var sql: String
    /// All that are not dropped, in the table's order.
    var columns: [Column]

    /// The database's encoding: others convert, and count characters, in their own way.
    var isUTF8: Bool
    /// A foreign key of it refers to it: child and parent must come in one COPY.
    var referencesItself: Bool
    /// A crash of the server empties it.
    var isUnlogged: Bool
    /// Whether INSERT by a loop in the server does what COPY does, and may run.
    var canSortOnServer: Bool
    /// Rules that INSERT follows, and COPY does not.
    var hasInsertRules = false

    struct Column: Sendable {
        var name: String
        var type: ColumnType
        var isGenerated: Bool
        var isInsertable: Bool
    }

    /// What a column's values are; of a domain, what it is over.
    struct ColumnType: Sendable {
        /// As `format_type` writes it.
        var name: String
        /// The same or, of a domain, that of what it is over.
        var baseName: String
        /// Without a modifier and, of a domain, that of what it is over: a cast to it reads text
        /// as the type's input function does.
        var inputName: String
        /// There is a cast of its own, which may do something else.
        var hasTextCast: Bool
        var oid: UInt32
        /// -1: none.
        var modifier: Int32
        /// Of an enum; else nil.
        var labels: [String]?

        var isDomain: Bool { name != baseName }

        /// Whether a cast to `inputName` reads text as COPY does.
        var isReadByCast: Bool { !hasTextCast && !hasFields && !isOwn }

        /// What the input functions of others make of a modifier nobody knows.
        private var isOwn: Bool { oid >= 16_384 && modifier >= 0 }

        /// `interval hour`, or an array of such: the modifier says what `1` is.
        private var hasFields: Bool {
            let allFields: Int32 = 0x7FFF
            return [1_186, 1_187].contains(oid) && modifier != -1
                && modifier >> 16 & allFields != allFields
        }
    }

    /// What COPY writes when no columns are named.
    var copiedColumns: [Int] { columns.indices.filter { !columns[$0].isGenerated } }

    /// By the exact name, byte for byte.
    func column(named name: String) -> Int? {
        columns.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }
}
