/// Ends the run with a message: an optimised `precondition` would have none.
package func expect(_ holds: Bool, _ message: @autoclosure () -> String) {
    if !holds { fatalError(message()) }
}
