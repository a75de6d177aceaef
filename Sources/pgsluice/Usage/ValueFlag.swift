/// A flag that takes a value.
package struct ValueFlag: Sendable {
    /// The long name, with its dashes.
    package let name: String
    package let short: Character?
    /// Whether it may be given more than once.
    package let repeats: Bool

    package static func once(_ name: String, short: Character? = nil) -> ValueFlag {
        ValueFlag(name: name, short: short, repeats: false)
    }

    package static func repeated(_ name: String) -> ValueFlag {
        ValueFlag(name: name, short: nil, repeats: true)
    }
}
