/// Brings arguments to the one form that ArgumentParser reads without exceptions: each value joined
/// to its flag's long name, each short flag on its own.
///
/// The arguments are read as `getopt_long` reads them, so that `-p5433`, `-hlocalhost`, `--null --`
/// and `--delimiter -` mean what they mean to psql. Here is also where a flag shows that is given
/// twice, and one that asks for a password.
package func canonicalArguments(
    _ arguments: [String], valueFlags: [ValueFlag]
) throws(UsageError) -> [String] {
    var reader = ArgumentReader(arguments, valueFlags: valueFlags)
    try reader.readAll()
    return reader.canonical
}

private struct ArgumentReader {
    private let valueFlags: [ValueFlag]
    private var rest: ArraySlice<String>
    private var seen: Set<String> = []
    private(set) var canonical: [String] = []

    init(_ arguments: [String], valueFlags: [ValueFlag]) {
        self.valueFlags = valueFlags
        rest = arguments[...]
    }

    mutating func readAll() throws(UsageError) {
        while let argument = rest.popFirst() {
            if argument == "--" {
                canonical += [argument] + rest
                return
            }
            if argument.hasPrefix("--") {
                try readLong(argument)
            } else if argument.hasPrefix("-"), argument != "-" {
                try readShorts(argument.dropFirst())
            } else {
                canonical.append(argument)
            }
        }
    }

    private mutating func readLong(_ argument: String) throws(UsageError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        if name == "--password" { throw .passwordAsked }
        guard let flag = valueFlags.first(where: { $0.name == name }) else {
            canonical.append(argument)
            return
        }
        try take(parts.count == 2 ? String(parts[1]) : rest.popFirst(), for: flag)
    }

    /// Reads `vvp5433`: flags without a value, then one that takes the rest or the next argument.
    private mutating func readShorts(_ letters: Substring) throws(UsageError) {
        var letters = letters
        while let letter = letters.popFirst() {
            if letter == "W" { throw .passwordAsked }
            guard let flag = valueFlags.first(where: { $0.short == letter }) else {
                canonical.append("-\(letter)")
                continue
            }
            try take(letters.isEmpty ? rest.popFirst() : String(letters), for: flag)
            return
        }
    }

    private mutating func take(_ value: String?, for flag: ValueFlag) throws(UsageError) {
        guard let value else { throw UsageError("\(flag.name) needs a value") }
        guard seen.insert(flag.name).inserted || flag.repeats else {
            throw UsageError("\(flag.name) is given twice")
        }
        // ArgumentParser takes `--null=` for a flag whose value is missing.
        canonical += value.isEmpty ? [flag.name, ""] : ["\(flag.name)=\(value)"]
    }
}

extension UsageError {
    /// A value here would be seen in the list of processes, so that it is not even repeated.
    fileprivate static let passwordAsked = UsageError(
        "a password is no flag (-W, --password): put it in PGPASSWORD, in ~/.pgpass, "
            + "or in a service file")
}
