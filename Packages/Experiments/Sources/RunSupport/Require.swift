/// Stops with a message and the caller's place, in release builds too, where `precondition` keeps its message to
/// itself.
package func require(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString, line: UInt
) {
    if !condition() { fatalError(message(), file: file, line: line) }
}
