import Tensors

/// All that a later solver of the same problem and method needs to go on to the same bits: tensors by name, and the
/// iteration.
public struct SolverState: Sendable {
    /// Iterations that are done.
    public var iteration: Int
    /// Each name once: "x", "z.0.weight", "update.3", …; `restore` takes them in any order.
    public var tensors: [(name: String, tensor: Tensor)]

    /// What a checkpoint held.
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

    /// Takes all tensors, or throws and takes none: names, shapes and types must be those of `state`; the order is
    /// free, as files have one of their own.
    func restore(_ state: SolverState) throws(SolverError) {
        guard state.iteration >= 0 else {
            throw .unfittingState(expected: "an iteration of at least 0", got: "\(state.iteration)")
        }
        var rest: [String: Tensor] = [:], taken: [(Point, [Tensor])] = []
        for (name, tensor) in state.tensors where rest.updateValue(tensor, forKey: name) != nil {
            throw .unfittingState(expected: "one tensor \(name)", got: "two")
        }
        for entry in entries {
            var tensors: [Tensor] = []
            for (path, type) in zip(entry.paths, entry.point.layout.types) {
                let name = name(entry.name, path), expected = "\(name) \(type.shape) \(type.elementType)"
                guard let tensor = rest.removeValue(forKey: name) else {
                    throw .unfittingState(expected: expected, got: "no tensor of this name")
                }
                guard tensor.shape == type.shape, tensor.elementType == type.elementType else {
                    throw .unfittingState(expected: expected, got: "\(tensor.shape) \(tensor.elementType)")
                }
                tensors.append(tensor)
            }
            taken.append((entry.point, tensors))
        }
        if let (name, tensor) = rest.min(by: { $0.key < $1.key }) {
            throw .unfittingState(expected: "no more tensors", got: "\(name) \(tensor.shape) \(tensor.elementType)")
        }
        for (point, tensors) in taken { point.assign(tensors) }
    }
}
