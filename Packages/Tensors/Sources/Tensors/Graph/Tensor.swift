/// A value with a shape and an element type, and a node of an immutable expression graph.
///
/// Operations on tensors only record what is to be computed; reading `scalars` compiles the graph to a `Program` and
/// runs it once. What is replayed many times is compiled once, with the leaves that change named as the program's
/// inputs. Copies are references to the same node; two tensors are "the same" in `gradient` and `Program` when they
/// share a node.
public struct Tensor: Sendable {
    let node: Node

    /// Extents, outermost axis first.
    public var shape: Shape { node.shape }
    /// float32, float64 or int32.
    public var elementType: ElementType { node.elementType }
    /// The number of axes.
    public var rank: Int { node.shape.rank }
    /// The number of elements.
    public var count: Int { node.shape.count }

    init(_ node: Node) { self.node = node }

    /// The result of `operation`, whose shape and type the caller has derived.
    init(_ operation: any Operation, _ operands: [Tensor], shape: Shape, elementType: ElementType) {
        node = Node(operation, operands, shape, elementType)
    }
}

/// One operation applied to operands. Its identity is its meaning: equal expressions are merged when a program is
/// compiled.
final class Node: Sendable {
    let operation: any Operation
    nonisolated(unsafe) private(set) var operands: [Tensor]  // written by deinit only
    let shape: Shape
    let elementType: ElementType

    init(_ operation: any Operation, _ operands: [Tensor], _ shape: Shape, _ elementType: ElementType) {
        self.operation = operation
        self.operands = operands
        self.shape = shape
        self.elementType = elementType
    }

    /// Takes a chain of nodes apart in a loop: releasing it recursively would overflow the stack after some 10,000
    /// steps.
    deinit {
        var orphans = operands
        operands = []
        while var last = orphans.popLast()?.takeNode() {
            if isKnownUniquelyReferenced(&last) {
                orphans.append(contentsOf: last.operands)
                last.operands = []
            }
        }
    }
}

extension Tensor {
    fileprivate consuming func takeNode() -> Node { node }

    var id: ObjectIdentifier { ObjectIdentifier(node) }
    var operation: any Operation { node.operation }
    var operands: [Tensor] { node.operands }
}

extension Tensor: CustomStringConvertible {
    /// Shape, type and operation: nothing is evaluated.
    public var description: String { "Tensor(\(shape), \(elementType), \(operation.name))" }
}
