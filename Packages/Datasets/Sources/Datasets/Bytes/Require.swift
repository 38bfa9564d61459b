/// Stops the program where a caller made a mistake, with the message and the caller's place.
///
/// `precondition` drops its message in release builds; this does not.
func require(_ condition: Bool, _ message: @autoclosure () -> String, file: StaticString, line: UInt) {
    if !condition { fatalError(message(), file: file, line: line) }
}
