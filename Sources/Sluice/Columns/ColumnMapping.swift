import SluicePostgres

/// Decides which field of a file goes into which column.
struct ColumnMapping: Sendable {
    let target: Target
    let options: ColumnOptions
    let csv: CSVOptions

    /// The fields of a file without a header, or with one that is not asked.
    ///
    /// - Returns: for each field the target's column; nil drops the field.
    func fieldsByPosition() throws(Failure) -> [Int?] {
        guard let names = options.columns else { return try checked(target.copiedColumns) }
        var fields: [Int?] = []
        for name in names {
            guard let name else {
                fields.append(nil)
                continue
            }
            let column = try column(named: name)
            guard !fields.contains(column) else {
                throw Failure(.data, "column \"\(name)\" specified more than once")
            }
            fields.append(column)
        }
        return try checked(fields)
    }

    /// The fields of a file with this header.
    func fields(header: [HeaderName]) throws(Failure) -> [Int?] {
        if let names = options.columns {
            guard names.count == header.count else {
                throw Failure(
                    .data,
                    "the header has \(header.count) fields, --columns names \(names.count)")
            }
            return try fieldsByPosition()
        }
        var match = HeaderMatch(header: header, target: target)
        for mapping in options.map {
            try match.map(mapping.header, to: column(named: mapping.column))
        }
        for name in options.ignored { try match.ignore(name) }
        try match.matchNames()
        if !match.unmatched.isEmpty, !options.ignoresUnknown { throw match.failure }
        return try checked(match.fields)
    }

    /// By the exact name, else as PostgreSQL reads identifiers.
    private func column(named name: String) throws(Failure) -> Int {
        let folded = (try? QualifiedName(parsing: name))?.name
        guard let column = target.column(named: name) ?? folded.flatMap(target.column(named:))
        else {
            let names = target.columns.map { "\"\($0.name)\"" }.joined(separator: ", ")
            throw Failure(
                .data, "column \"\(name)\" of relation \"\(target.name)\" does not exist",
                advice: "the columns are \(names)")
        }
        return column
    }

    private func checked(_ fields: [Int?]) throws(Failure) -> [Int?] {
        let written = fields.compactMap { $0 }
        guard !written.isEmpty else {
            throw Failure(.data, "no field of the file has a column in \(target.sql)")
        }
        for column in written.map({ target.columns[$0] }) {
            guard !column.isGenerated else {
                throw Failure(
                    .data, "column \"\(column.name)\" is a generated column",
                    advice: "the server computes it: leave it out with "
                        + "--ignore-column '\(column.name)'")
            }
            guard column.isInsertable else {
                throw Failure(
                    .permission,
                    "permission denied for table \(target.name): column \"\(column.name)\"")
            }
        }
        return fields
    }
}
