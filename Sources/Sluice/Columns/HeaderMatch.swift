/// A name in a file's header.
struct HeaderName: Sendable {
    let text: String
    let isQuoted: Bool

    init(_ text: String, isQuoted: Bool) {
        self.text = text
        self.isQuoted = isQuoted
    }

    /// Without the blanks around it.
    var trimmed: String {
        let bytes = text.utf8.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let end = bytes.lastIndex { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        return end.map { String(bytes[...$0]) ?? text } ?? ""
    }
}

/// The names of a header, finding their columns.
struct HeaderMatch {
    private let header: [HeaderName]
    private let target: Target
    private(set) var fields: [Int?]
    private(set) var unmatched: [Int]

    init(header: [HeaderName], target: Target) {
        self.header = header
        self.target = target
        fields = header.map { _ in nil }
        unmatched = Array(header.indices)
    }

    private func positions(of name: String) -> [Int] {
        // `''` is how an unnamed field is written on a command line.
        let wanted = name == "''" ? "" : name
        return unmatched.filter { header[$0].text.utf8.elementsEqual(wanted.utf8) }
    }

    mutating func map(_ name: String, to column: Int) throws(Failure) {
        let found = positions(of: name)
        guard let position = found.first else {
            throw Failure(
                .data, "--map names \"\(name)\", which is not in the header",
                advice: "the header's names are \(Self.list(header.map(\.text)))")
        }
        guard found.count == 1 else { throw doubled(name) }
        try match(position, to: column)
    }

    mutating func ignore(_ name: String) throws(Failure) {
        let found = positions(of: name)
        guard !found.isEmpty else {
            throw Failure(
                .data, "--ignore-column names \"\(name)\", which is not in the header",
                advice: "the header's names are \(Self.list(header.map(\.text)))")
        }
        unmatched.removeAll(where: found.contains)
    }

    /// Exact names first; what is left over without regard to ASCII case.
    ///
    /// Blanks count, with one exception at the very end: those inside the quotes of a quoted name.
    /// A blank that stands unquoted behind a delimiter mostly stands before the values too, and
    /// would be loaded with them.
    mutating func matchNames() throws(Failure) {
        for position in unmatched {
            if let column = target.column(named: header[position].text) {
                try match(position, to: column)
            }
        }
        for position in unmatched { try matchIgnoringCase(position, header[position].text) }
        for position in unmatched where header[position].isQuoted {
            try matchIgnoringCase(position, header[position].trimmed)
        }
    }

    private mutating func matchIgnoringCase(_ position: Int, _ name: String) throws(Failure) {
        let candidates = target.columns.indices.filter {
            !fields.contains($0) && Self.isSameIgnoringCase(target.columns[$0].name, name)
        }
        guard candidates.count < 2 else { throw ambiguous(position, candidates) }
        if let column = candidates.first { try match(position, to: column) }
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
            .data, "header name \"\(header[position].text)\" fits the columns \(names)",
            advice: "say which by --map '\(header[position].text)=COLUMN'")
    }

    var failure: Failure {
        let free = target.columns.indices.filter {
            !fields.contains($0) && !target.columns[$0].isGenerated
        }
        let names = unmatched.map { position in
            let near = nearest(to: header[position].text, among: free)
            return "\"\(header[position].text)\"" + (near.map { " (nearest: \"\($0)\")" } ?? "")
        }
        let freeNames = free.isEmpty ? "none" : Self.list(free.map { target.columns[$0].name })
        let matchesNone = fields.allSatisfy { $0 == nil }
        return Failure(
            .data,
            "header names without a column in \(target.sql): "
                + "\(names.joined(separator: ", ")); columns left over: \(freeNames)",
            advice: "say --map 'HEADER=COLUMN' or --ignore-column NAME"
                + (matchesNone ? "; or, if the first line is data, --no-header" : ""))
    }

    private func nearest(to name: String, among columns: [Int]) -> String? {
        let distances = columns.map { column in
            let candidate = target.columns[column].name
            return (candidate, distance(candidate, name))
        }
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
