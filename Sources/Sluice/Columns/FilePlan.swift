import SluiceCodec
import SluicePostgres

/// How the records of one file go into the table. Immutable once its header is read.
struct FilePlan: Sendable {
    /// The file, in messages.
    let name: String
    let layout: RecordLayout
    /// The rows go there first; nil: into the target at once.
    let staging: StagingTable?
    /// The name of the table that COPY writes to, without schema and quotes, as the server's
    /// CONTEXT has it.
    let relation: String
    /// The columns written, in the file's order.
    let columns: [String]
    /// `COPY … FROM STDIN`, in text format.
    let copyText: String
    let copyBinary: String
    let lane: Lane
    private let types: [Target.ColumnType?]
    /// What the text of each column is cast to, to be read by its type's input function.
    let inputTypes: [String]
    /// The types of the columns or, of domains, what they are over.
    let baseTypes: [String]
    /// The types of the columns that are domains; nil for others.
    let domains: [String?]

    /// How the records go to the server.
    enum Lane: Equatable {
        /// In binary, but for those with a value that the encoder is not sure of.
        case binary
        case text(reason: String)
    }

    /// - Parameter fields: the target's column for each field of a record; nil drops the field.
    init(
        name: String, target: Target, fields: [Int?], csv: CSVOptions, usesBinaryLane: Bool,
        staging: StagingTable? = nil
    ) throws(Failure) {
        let columns = fields.compactMap { $0.map { target.columns[$0].name } }
        try Self.checkSelection(csv.forceNull, "FORCE_NULL", columns)
        try Self.checkSelection(csv.forceNotNull, "FORCE_NOT_NULL", columns)
        self.name = name
        self.staging = staging
        relation = staging?.name ?? target.name
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
        let written = (staging == nil ? [] : [StagingTable.offsetColumn]) + columns
        let list = written.map(SQLIdentifier.quote).joined(separator: ", ")
        copyText = "COPY \(staging?.sql ?? target.sql) (\(list)) FROM STDIN"
        copyBinary = copyText + " (FORMAT binary)"
        types = fields.map { $0.map { target.columns[$0].type } }
        inputTypes = types.compactMap { $0?.inputName }
        baseTypes = types.compactMap { $0?.baseName }
        domains = types.compactMap { $0 }.map { $0.isDomain ? $0.name : nil }
        lane =
            usesBinaryLane
            ? Self.lane(
                target, columns: fields.compactMap { $0.map { target.columns[$0] } },
                isStaged: staging != nil)
            : .text(reason: "the configuration says so")
    }

    /// Name and type of each column, as CREATE TABLE takes them.
    var definitions: [String] {
        zip(columns, types.compactMap { $0 }).map { "\(SQLIdentifier.quote($0)) \($1.name)" }
    }

    private static func lane(
        _ target: Target, columns: [Target.Column], isStaged: Bool
    ) -> Lane {
        if target.referencesItself, !isStaged {
            // Child and parent must not part ways.
            return .text(reason: "the table references itself")
        }
        guard target.isUTF8 else { return .text(reason: "the database's encoding is not UTF8") }
        let session = SessionTime(zoneIsUTC: false, knowsAbbreviations: false)
        if let column = columns.first(where: { BinaryType($0.type, session) == nil }) {
            return .text(reason: "column \"\(column.name)\" is of type \(column.type.name)")
        }
        return .binary
    }

    /// What each field is for the binary lane; nil for a dropped one.
    func binaryTypes(_ session: SessionTime) -> [BinaryType?] {
        types.map { $0.flatMap { BinaryType($0, session) } }
    }

    /// What remains of each record when only some columns are read.
    ///
    /// - Parameter places: in `columns`.
    func narrowed(to places: Set<Int>) -> RecordLayout {
        var narrow = layout
        for (place, field) in keptFields.enumerated() where !places.contains(place) {
            narrow.fields[field].isDropped = true
        }
        return narrow
    }

    /// - Parameter places: in `columns`, of those that take no NULL.
    func layout(refusingNullAt places: Set<Int>) -> RecordLayout {
        var strict = layout
        for (place, field) in keptFields.enumerated() where places.contains(place) {
            strict.fields[field].refusesNull = true
        }
        return strict
    }

    /// - Parameter column: nil: none.
    func isOfDomain(_ column: String?) -> Bool {
        zip(columns, domains).contains { $0 == column && $1 != nil }
    }

    /// The field of each column.
    private var keptFields: [Int] { types.indices.filter { types[$0] != nil } }

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

extension BinaryType {
    fileprivate init?(_ type: Target.ColumnType, _ session: SessionTime) {
        if let labels = type.labels {
            self = .enumeration(labels: labels)
        } else {
            self.init(oid: type.oid, typmod: type.modifier, session: session)
        }
    }
}
