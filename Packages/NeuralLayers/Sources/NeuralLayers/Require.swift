/// Stops the program where a caller made a mistake, with the message and the caller's place.
///
/// `precondition` drops its message in release builds; this does not.
@inlinable
func require(
    _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
    if !condition { fatalError(message(), file: file, line: line) }
}
