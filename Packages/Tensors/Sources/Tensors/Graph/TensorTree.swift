/// Any value made of tensors: a tensor, an array, a struct such as a layer or a whole network.
///
/// A model is a value and its own parameter tree: copying it forks the parameters, and its gradient is of its own type.
public protocol TensorTree: Sendable {
    /// Visits every tensor in a fixed order, with its path ("0.weight"), and may replace it.
    mutating func visitTensors(_ visit: (_ path: String, inout Tensor) throws -> Void) rethrows
}

extension Tensor: TensorTree {
    /// A tensor is its only leaf, without a name.
    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows { try visit("", &self) }
}

extension Array: TensorTree where Element: TensorTree {
    /// Each element's leaves, behind its index: "0.weight".
    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        for i in indices { try self[i].visitTensors(under: "\(i)", visit) }
    }
}

/// No tensors: the lower variable of a problem without one, the state of a rule without state.
public struct EmptyTree: TensorTree {
    /// No tensors.
    public init() {}
    /// There is none.
    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {}
}

/// Two trees side by side.
public struct TreePair<First: TensorTree, Second: TensorTree>: TensorTree {
    /// The parts, whose leaves come one after the other.
    public var first: First, second: Second

    /// Two trees as one.
    public init(_ first: First, _ second: Second) {
        self.first = first
        self.second = second
    }

    /// The leaves of the first part, then of the second.
    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try first.visitTensors(under: "first", visit)
        try second.visitTensors(under: "second", visit)
    }
}

extension TensorTree {
    /// Visits with `name` in front of every path: how a tree visits its parts.
    public mutating func visitTensors(under name: String, _ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visitTensors { path, tensor in try visit(path.isEmpty ? name : "\(name).\(path)", &tensor) }
    }

    /// The tensors in the order of visits.
    public var tensors: [Tensor] {
        var copy = self, tensors: [Tensor] = []
        copy.visitTensors { _, tensor in tensors.append(tensor) }
        return tensors
    }

    /// The names of the leaves, in order.
    public var paths: [String] {
        var copy = self, paths: [String] = []
        copy.visitTensors { path, _ in paths.append(path) }
        return paths
    }

    /// The same tree with other tensors, in the order of visits.
    public func with(_ tensors: [Tensor], file: StaticString = #fileID, line: UInt = #line) -> Self {
        var copy = self, rest = tensors[...]
        copy.visitTensors { path, tensor in
            guard let next = rest.popFirst() else {
                stop("tree: \(tensors.count) tensors, none left for \(path)", file: file, line: line)
            }
            tensor = next
        }
        require(rest.isEmpty, "tree: \(tensors.count) tensors, \(rest.count) too many", file: file, line: line)
        return copy
    }

    /// The same tree with each leaf transformed.
    public func map(_ transform: (Tensor) throws -> Tensor) rethrows -> Self {
        var copy = self
        try copy.visitTensors { _, tensor in tensor = try transform(tensor) }
        return copy
    }

    /// The same tree with each leaf combined with the other's at its place; both have one layout.
    public func combined(
        with other: Self, file: StaticString = #fileID, line: UInt = #line,
        _ combine: (Tensor, Tensor) throws -> Tensor
    ) rethrows -> Self {
        var rest = other.tensors[...]
        let count = tensors.count
        require(count == rest.count, "combined: trees of \(count) and \(rest.count) tensors", file: file, line: line)
        return try map { try combine($0, rest.removeFirst()) }
    }

    /// Placeholders of the same shapes: a tree of program inputs.
    public func placeholders(_ label: String = "") -> Self {
        var copy = self
        copy.visitTensors { path, tensor in tensor = tensor.placeholder(path.isEmpty ? label : "\(label).\(path)") }
        return copy
    }

    /// The number of elements of all tensors.
    public var elementCount: Int { tensors.reduce(0) { $0 + $1.count } }
}
