/// What libpq says of a connection that did not come about, made readable.
///
/// libpq has no call for the SQLSTATE of such a failure: with verbosity `VERBOSE` it stands in the
/// text, as in `… failed: FATAL:  28P01: password authentication failed`, with a line about the
/// server's source after it. Where several addresses were tried, the last one's state counts.
struct ConnectFailure: Hashable {
    private(set) var message: String
    private(set) var sqlState: SQLState?

    init(verboseMessage: String) {
        message = ""
        for line in verboseMessage.split(separator: "\n") where !line.hasPrefix("LOCATION:  ") {
            if !message.isEmpty { message += "\n" }
            message += withoutState(line)
        }
    }

    /// Takes the state out of a line, into `sqlState`.
    private mutating func withoutState(_ line: Substring) -> String {
        var start = line.startIndex
        while let end = line.index(start, offsetBy: 10, limitedBy: line.endIndex) {
            let piece = line[start..<end]
            if piece.hasPrefix(":  "), piece.hasSuffix(": "),
                let state = SQLState(piece.dropFirst(3).dropLast(2))
            {
                sqlState = state
                return line[..<start] + ":  " + line[end...]
            }
            start = line.index(after: start)
        }
        return String(line)
    }
}
