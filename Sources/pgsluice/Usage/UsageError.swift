/// A command line that can't be followed: exit 64.
package struct UsageError: Error, Hashable, CustomStringConvertible {
    /// One line that names the flag.
    package let message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}

/// Refuses two flags that were both given.
func exclude(_ first: String, _ second: String, when bothGiven: Bool) throws(UsageError) {
    if bothGiven { throw UsageError("\(first) and \(second) exclude each other") }
}
