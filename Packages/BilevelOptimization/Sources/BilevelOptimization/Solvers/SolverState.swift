import Tensors

/// All that a later solver of the same problem and method needs to go on to the same bits: tensors by name, and the
/// iteration.
public struct SolverState: Sendable {
    /// Iterations that are done.
    public var iteration: Int
    /// In a fixed order: "x", "z.0.weight", "update.3", …
    public var tensors: [(name: String, tensor: Tensor)]

    public init(iteration: Int, tensors: [(name: String, tensor: Tensor)]) {
        self.iteration = iteration
        self.tensors = tensors
    }
}

/// The points behind a solver's state, by the names of their tensors.
struct SolverMemory {
    private var entries: [(name: String, paths: [String], point: Point)] = []

    mutating func add(_ name: String, _ point: Point, paths: [String]) { entries.append((name, paths, point)) }

    /// Points without paths: their tensors are counted on from one to the next.
    mutating func add(_ name: String, _ points: [Point]) {
        var first = 0
        for point in points {
            add(name, point, paths: (first..<(first + point.count)).map { "\($0)" })
            first += point.count
        }
    }

    private func name(_ name: String, _ path: String) -> String {
        name.isEmpty || path.isEmpty ? name + path : "\(name).\(path)"
    }

    func state(iteration: Int) -> SolverState {
        SolverState(
            iteration: iteration,
            tensors: entries.flatMap { entry in
                zip(entry.paths, entry.point.tensors).map { (name(entry.name, $0), $1) }
            })
    }

    /// Takes all tensors, or throws and takes none: names, shapes and types must be those of `state`.
    func restore(_ state: SolverState) throws(SolverError) {
        var rest = state.tensors[...], taken: [(Point, [Tensor])] = []
        for entry in entries {
            var tensors: [Tensor] = []
            for (path, type) in zip(entry.paths, entry.point.layout.types) {
                let expected = "\(name(entry.name, path)) \(type.shape) \(type.elementType)"
                guard let (found, tensor) = rest.popFirst() else {
                    throw .unfittingState(expected: expected, got: "nothing")
                }
                guard found == name(entry.name, path), tensor.shape == type.shape,
                    tensor.elementType == type.elementType
                else {
                    throw .unfittingState(expected: expected, got: "\(found) \(tensor.shape) \(tensor.elementType)")
                }
                tensors.append(tensor)
            }
            taken.append((entry.point, tensors))
        }
        if let (name, tensor) = rest.first {
            throw .unfittingState(expected: "no more tensors", got: "\(name) \(tensor.shape) \(tensor.elementType)")
        }
        for (point, tensors) in taken { point.assign(tensors) }
    }
}
