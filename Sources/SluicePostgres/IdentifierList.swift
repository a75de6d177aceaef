/// Names of columns as a person writes them: `id, "Order no",,note`.
package struct IdentifierList: Hashable, Sendable {
    /// nil for an empty item.
    package let names: [String?]

    /// Reads each item as PostgreSQL reads identifiers; what is in double quotes may hold commas.
    ///
    /// - Throws: `QualifiedNameError` for an item that is no single name.
    package init(parsing text: String) throws(QualifiedNameError) {
        var names: [String?] = []
        for item in Self.items(of: text) {
            guard item.contains(where: { $0 != " " }) else {
                names.append(nil)
                continue
            }
            let name = try QualifiedName(parsing: item)
            guard name.schema == nil else {
                throw QualifiedNameError(text: item, problem: .unexpected("."))
            }
            names.append(name.name)
        }
        self.names = names
    }

    /// A doubled quote closes and opens, so that it needs no care.
    private static func items(of text: String) -> [String] {
        var items = [""]
        var isQuoted = false
        for scalar in text.unicodeScalars {
            if scalar == "\"" { isQuoted.toggle() }
            if scalar == ",", !isQuoted {
                items.append("")
            } else {
                items[items.count - 1].unicodeScalars.append(scalar)
            }
        }
        return items
    }
}
