/// The name of a table, a column or a schema, in SQL text.
package enum SQLIdentifier {
    /// `name` between double quotes, so that the server takes it as it is.
    package static func quote(_ name: String) -> String {
        doubling("\"", in: name, between: "\"")
    }
}

/// A text constant, in SQL text.
package enum SQLLiteral {
    /// `text` as a constant, whatever `standard_conforming_strings` is.
    package static func quote(_ text: String) -> String {
        let quoted = doubling("'", in: text, between: "'")
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return quoted }
        return "E" + doubling("\\", in: quoted, between: "")
    }
}

/// By scalars: a combining accent after a quote does not hide the quote.
private func doubling(_ special: Unicode.Scalar, in text: String, between quote: String) -> String {
    var quoted = quote
    for scalar in text.unicodeScalars {
        if scalar == special { quoted.unicodeScalars.append(scalar) }
        quoted.unicodeScalars.append(scalar)
    }
    return quoted + quote
}
