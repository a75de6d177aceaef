/// A table's name as a person writes it: `orders`, `sales.orders`, `"Sales"."Orders 2024"`.
package struct QualifiedName: Hashable, Sendable {
    package var schema: String?
    package var name: String

    package init(schema: String? = nil, name: String) {
        self.schema = schema
        self.name = name
    }

    /// Reads `text` as PostgreSQL reads identifiers: ASCII letters outside of quotes are folded
    /// to lower case, what is in quotes stays as it is, and `""` there is one quote.
    ///
    /// - Throws: `QualifiedNameError` for everything that PostgreSQL would not take as
    ///   `name` or `schema.name`.
    package init(parsing text: String) throws(QualifiedNameError) {
        var parser = QualifiedNameParser(text)
        let parts = try parser.parts()
        guard parts.count <= 2 else {
            throw QualifiedNameError(text: text, problem: .tooManyParts)
        }
        self.init(schema: parts.count == 2 ? parts[0] : nil, name: parts[parts.count - 1])
    }

    /// The name in SQL text, every part quoted.
    package var sql: String {
        [schema, name].compactMap { $0 }.map(SQLIdentifier.quote).joined(separator: ".")
    }
}

/// Why a text is no table's name.
package struct QualifiedNameError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Problem: Hashable, Sendable {
        case emptyPart
        case tooManyParts
        case quoteNotClosed
        /// A character that needs quotes around the name.
        case unexpected(Character)
    }

    package let text: String
    package let problem: Problem

    package var description: String {
        switch problem {
        case .emptyPart:
            "\(text): a part of the table's name is empty"
        case .tooManyParts:
            "\(text): a table is named as name or schema.name; "
                + "put a name that has dots between double quotes"
        case .quoteNotClosed:
            "\(text): the double quote is never closed; a quote in a name is written twice"
        case .unexpected(let character):
            "\(text): '\(character)' cannot stand here; "
                + "put the name between double quotes (and those between single ones in a shell)"
        }
    }
}

private struct QualifiedNameParser {
    private let text: String
    private var rest: Substring.UnicodeScalarView

    init(_ text: String) {
        self.text = text
        rest = Substring(text).unicodeScalars
    }

    mutating func parts() throws(QualifiedNameError) -> [String] {
        var parts = [try part()]
        while let scalar = rest.first {
            guard scalar == "." else { throw problem(.unexpected(Character(scalar))) }
            rest.removeFirst()
            parts.append(try part())
        }
        return parts
    }

    /// One identifier, with the blanks around it.
    private mutating func part() throws(QualifiedNameError) -> String {
        skipBlanks()
        let part = rest.first == "\"" ? try quotedPart() : try plainPart()
        guard !part.isEmpty else { throw problem(.emptyPart) }
        skipBlanks()
        return part
    }

    private mutating func quotedPart() throws(QualifiedNameError) -> String {
        var part = ""
        while true {
            rest.removeFirst()
            guard let end = rest.firstIndex(of: "\"") else { throw problem(.quoteNotClosed) }
            part.unicodeScalars.append(contentsOf: rest[..<end])
            rest = rest[rest.index(after: end)...]
            guard rest.first == "\"" else { return part }
            part += "\""
        }
    }

    private mutating func plainPart() throws(QualifiedNameError) -> String {
        var part = ""
        while let scalar = rest.first, scalar != ".", !isBlank(scalar) {
            guard isLetter(scalar) || !part.isEmpty && isDigit(scalar) else {
                throw problem(.unexpected(Character(scalar)))
            }
            part.unicodeScalars.append(folded(scalar))
            rest.removeFirst()
        }
        return part
    }

    private mutating func skipBlanks() {
        rest = rest.drop(while: isBlank)
    }

    private func problem(_ problem: QualifiedNameError.Problem) -> QualifiedNameError {
        QualifiedNameError(text: text, problem: problem)
    }
}

private func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    [" ", "\t", "\n", "\r", "\u{b}", "\u{c}"].contains(scalar)
}

private func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    guard ("A"..."Z").contains(scalar) else { return scalar }
    return Unicode.Scalar(UInt8(scalar.value) + (UInt8(ascii: "a") - UInt8(ascii: "A")))
}

/// What PostgreSQL lets a name begin with.
private func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    !scalar.isASCII || scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
}

/// What PostgreSQL lets a name go on with, besides letters.
private func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    ("0"..."9").contains(scalar) || scalar == "$"
}
