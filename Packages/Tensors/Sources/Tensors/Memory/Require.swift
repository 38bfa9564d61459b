import Foundation

/// Stops with a message where `condition` does not hold: what a public function asks of its caller.
///
/// Unlike `precondition` it says so in release builds too. Public functions pass on their caller's file and line.
/// - Parameter message: the operation, and the shapes or values that it was given.
@inline(__always)
func require(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String,
    file: StaticString = #fileID, line: UInt = #line
) {
    if !condition() { stop(message(), file: file, line: line) }
}

/// As above, at a place that was noted earlier; nil where nobody knows it (an operator has no default arguments).
@inline(__always)
func require(_ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, at place: Place?) {
    if !condition() { stop(message(), at: place) }
}

/// Prints "message, at file:line" to standard error and stops.
func stop(_ message: String, file: StaticString = #fileID, line: UInt = #line) -> Never {
    stop(message, at: Place(file: file, line: line))
}

@inline(never)
func stop(_ message: String, at place: Place?) -> Never {
    let text = place.map { "\(message), at \($0.file):\($0.line)" } ?? message
    FileHandle.standardError.write(Data("\(text)\n".utf8))
    abort()
}

/// Where in a caller's source something was asked for. All places are equal, so that an operation that knows its
/// place, for what only running it shows, is still the same operation as another.
struct Place: Hashable, Sendable {
    let file: StaticString
    let line: UInt

    static func == (a: Place, b: Place) -> Bool { true }
    func hash(into hasher: inout Hasher) {}
}
