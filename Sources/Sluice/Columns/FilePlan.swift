import SluiceCodec
import SluicePostgres

/// How the records of one file go into the table. Immutable once its header is read.
struct FilePlan: Sendable {
    /// The file, in messages.
    let name: String
    let layout: RecordLayout
    /// The columns written, in the file's order.
    let columns: [String]
    /// `COPY … FROM STDIN`.
    let copy: String

    /// - Parameter fields: the target's column for each field of a record; nil drops the field.
    init(name: String, target: Target, fields: [Int?], csv: CSVOptions) throws(Failure) {
        let columns = fields.compactMap { $0.map { target.columns[$0].name } }
        try Self.checkSelection(csv.forceNull, "FORCE_NULL", columns)
        try Self.checkSelection(csv.forceNotNull, "FORCE_NOT_NULL", columns)
        self.name = name
        self.columns = columns
        layout = RecordLayout(
            dialect: csv.dialect,
            fields: fields.map { field in
                guard let field else { return FieldEncoding(isDropped: true) }
                let column = target.columns[field].name
                return FieldEncoding(
                    forcesNull: csv.forceNull.contains(column),
                    forcesNotNull: csv.forceNotNull.contains(column))
            })
        let list = columns.map(SQLIdentifier.quote).joined(separator: ", ")
        copy = "COPY \(target.sql) (\(list)) FROM STDIN"
    }

    private static func checkSelection(
        _ selection: ColumnSelection, _ option: String, _ columns: [String]
    ) throws(Failure) {
        guard case .named(let names) = selection else { return }
        for name in names where !columns.contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
            throw Failure(.data, "\(option) column \"\(name)\" not referenced by COPY")
        }
    }
}

extension ColumnSelection {
    fileprivate func contains(_ column: String) -> Bool {
        switch self {
        case .none: false
        case .all: true
        case .named(let names): names.contains { $0.utf8.elementsEqual(column.utf8) }
        }
    }
}
