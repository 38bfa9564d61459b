/// The value of `function` at `point` and its gradient there, both computed, by one program.
///
/// For a single evaluation; what is evaluated many times is compiled once.
/// - Parameter function: from a tree of the point's shapes to a scalar.
public func valueAndGradient<Tree: TensorTree>(
    at point: Tree, file: StaticString = #fileID, line: UInt = #line, of function: (Tree) -> Tensor
) -> (value: Tensor, gradient: Tree) {
    let leaves = point.evaluated(), inputs = leaves.placeholders()
    let value = function(inputs)
    let outputs = [value] + gradient(of: value, withRespectTo: inputs.tensors, file: file, line: line)
    let results = Program(inputs: inputs.tensors, outputs: outputs)(leaves.tensors)
    return (results[0], point.with(Array(results.dropFirst())))
}
