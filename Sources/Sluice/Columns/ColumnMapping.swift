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
    func fields(header: [String]) throws(Failure) -> [Int?] {
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

/// The names of a header, finding their columns.
private struct HeaderMatch {
    private let header: [String]
    private let target: Target
    private(set) var fields: [Int?]
    private(set) var unmatched: [Int]

    init(header: [String], target: Target) {
        self.header = header
        self.target = target
        fields = header.map { _ in nil }
        unmatched = Array(header.indices)
    }

    private func positions(of name: String) -> [Int] {
        // `''` is how an unnamed field is written on a command line.
        let wanted = name == "''" ? "" : name
        return unmatched.filter { header[$0].utf8.elementsEqual(wanted.utf8) }
    }

    mutating func map(_ name: String, to column: Int) throws(Failure) {
        let found = positions(of: name)
        guard let position = found.first else {
            throw Failure(
                .data, "--map names \"\(name)\", which is not in the header",
                advice: "the header's names are \(Self.list(header))")
        }
        guard found.count == 1 else { throw doubled(name) }
        try match(position, to: column)
    }

    mutating func ignore(_ name: String) throws(Failure) {
        let found = positions(of: name)
        guard !found.isEmpty else {
            throw Failure(
                .data, "--ignore-column names \"\(name)\", which is not in the header",
                advice: "the header's names are \(Self.list(header))")
        }
        unmatched.removeAll(where: found.contains)
    }

    /// Exact names first; what is left over without regard to ASCII case.
    mutating func matchNames() throws(Failure) {
        for position in unmatched {
            if let column = target.column(named: header[position]) {
                try match(position, to: column)
            }
        }
        for position in unmatched {
            let free = target.columns.indices.filter { !fields.contains($0) }
            let candidates = free.filter {
                Self.isSameIgnoringCase(target.columns[$0].name, header[position])
            }
            guard candidates.count < 2 else { throw ambiguous(position, candidates) }
            if let column = candidates.first { try match(position, to: column) }
        }
    }

    private mutating func match(_ position: Int, to column: Int) throws(Failure) {
        guard !fields.contains(column) else { throw doubled(target.columns[column].name) }
        fields[position] = column
        unmatched.removeAll { $0 == position }
    }

    private static func isSameIgnoringCase(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8) { $0.lowercased == $1.lowercased }
    }

    // MARK: What is wrong

    private func doubled(_ name: String) -> Failure {
        Failure(
            .data, "column \"\(name)\" is named more than once in the header",
            advice: "say by --columns where each field goes")
    }

    private func ambiguous(_ position: Int, _ candidates: [Int]) -> Failure {
        let names = Self.list(candidates.map { target.columns[$0].name })
        return Failure(
            .data, "header name \"\(header[position])\" fits the columns \(names)",
            advice: "say which by --map '\(header[position])=COLUMN'")
    }

    var failure: Failure {
        let free = target.columns.indices.filter {
            !fields.contains($0) && !target.columns[$0].isGenerated
        }
        let names = unmatched.map { position in
            let near = nearest(to: header[position], among: free)
            return "\"\(header[position])\"" + (near.map { " (nearest: \"\($0)\")" } ?? "")
        }
        let freeNames = free.isEmpty ? "none" : Self.list(free.map { target.columns[$0].name })
        let matchesNone = fields.allSatisfy { $0 == nil }
        return Failure(
            .data,
            "header names without a column in \(target.sql): "
                + "\(names.joined(separator: ", ")); columns left over: \(freeNames)",
            advice: matchesNone
                ? "if the first line is data, say --no-header"
                : "say --map 'HEADER=COLUMN' or --ignore-column NAME")
    }

    private func nearest(to name: String, among columns: [Int]) -> String? {
        let distances = columns.map { (target.columns[$0].name, distance(target.columns[$0].name, name)) }
        guard let best = distances.min(by: { $0.1 < $1.1 }) else { return nil }
        return best.1 <= max(1, name.utf8.count / 3) ? best.0 : nil
    }

    private static func list(_ names: [String]) -> String {
        names.map { "\"\($0)\"" }.joined(separator: ", ")
    }
}

extension UInt8 {
    fileprivate var lowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}

/// Single-byte edits from one name to the other, case aside.
private func distance(_ left: String, _ right: String) -> Int {
    let right = right.utf8.map(\.lowercased)
    var row = Array(0...right.count)
    for (i, byte) in left.utf8.map(\.lowercased).enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for j in right.indices {
            let replaced = diagonal + (right[j] == byte ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
        }
    }
    return row[right.count]
}
