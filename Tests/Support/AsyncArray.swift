extension Array where Element: Sendable {
    /// The elements, one after the other, to whoever awaits them.
    package var async: AsyncStream<Element> {
        AsyncStream { continuation in
            for element in self { continuation.yield(element) }
            continuation.finish()
        }
    }
}
