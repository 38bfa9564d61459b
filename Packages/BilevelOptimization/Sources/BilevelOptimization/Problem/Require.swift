import Tensors

/// Stops with a message, in release builds too (`precondition` drops it there), where a caller broke a contract.
@inline(__always)
func require(
    _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
    if !condition { fatalError(message(), file: file, line: line) }
}

/// Stops unless both lists hold as many tensors of the same shapes and element types: what a step takes and gives back.
func requireSameLayout(_ given: [Tensor], _ found: [Tensor], _ name: @autoclosure () -> String) {
    func layout(_ tensors: [Tensor]) -> String {
        tensors.map { "\($0.shape) \($0.elementType)" }.joined(separator: ", ")
    }
    require(
        given.count == found.count
            && zip(given, found).allSatisfy { $0.shape == $1.shape && $0.elementType == $1.elementType },
        "\(name()): tensors \(layout(given)) expected, got \(layout(found))")
}

extension Point {
    /// Takes the values of a variable that a caller sets, or stops with both layouts.
    func assign<Tree: TensorTree>(
        _ tree: Tree, as name: String, file: StaticString = #fileID, line: UInt = #line
    ) {
        let given = PointLayout(of: tree)
        require(given == layout, "\(name): tensors \(layout) expected, got \(given)", file: file, line: line)
        assign(tree)
    }
}
