import Tensors

/// An expression graph as plain data, a line of JSON: what `Tools/differential` draws, evaluates in two engines and
/// shrinks.
///
/// Nodes stand in order, operands before results; a node's number is its position.
package struct GraphDescription: Codable, Sendable {
    /// Of all leaves but indices: float32 or float64.
    package var type: ElementType
    package var nodes: [GraphNode]
    package var outputs: [Int]

    package init(type: ElementType, nodes: [GraphNode], outputs: [Int]) {
        self.type = type
        self.nodes = nodes
        self.outputs = outputs
    }
}

extension ElementType: Codable {}

package enum GraphNode: Sendable {
    case leaf(GraphLeaf)
    case application(GraphApplication)
}

/// A leaf and its values: fewer values than elements are repeated, so that a large tensor fits on a line.
package struct GraphLeaf: Codable, Sendable {
    package enum Role: String, Codable, Sendable {
        /// Derivatives are taken with respect to it.
        case variable
        case constant
        /// A constant whose elements all equal the first value, given to the engine as such.
        case fill
        /// Int32.
        case indices
    }

    package var leaf: Role
    package var shape: [Int]
    package var values: [Double]

    package init(_ role: Role, shape: [Int], values: [Double]) {
        leaf = role
        self.shape = shape
        self.values = values
    }
}

/// An operation, its operands, and those parameters that it has.
package struct GraphApplication: Codable, Sendable {
    package var operation: GraphOperation
    package var operands: [Int]
    /// Stands for the second operand of an elementwise operation, or for the first where `numberFirst`.
    package var number: Double?
    package var numberFirst: Bool?
    /// The bounds of `clamp`.
    package var numbers: [Double]?
    /// Of a reduction (absent: all), of a permutation.
    package var axes: [Int]?
    package var axis: Int?
    package var keepingAxes: Bool?
    /// Of a reshape, a broadcast; rows and columns of an adaptive pooling.
    package var shape: [Int]?
    package var starts: [Int]?
    package var extents: [Int]?
    package var before: [Int]?
    package var after: [Int]?
    /// Rows of a scattering, classes of a one-hot.
    package var count: Int?
    package var size: Int?
    package var stride: Int?
    package var padding: Int?
    /// Whether the first and the second factor are transposed.
    package var transposing: [Bool]?
    package var type: ElementType?

    package init(_ operation: GraphOperation, _ operands: [Int]) {
        self.operation = operation
        self.operands = operands
    }
}

extension GraphNode: Codable {
    private enum Key: CodingKey { case leaf }

    package init(from decoder: any Decoder) throws {
        let isLeaf = try decoder.container(keyedBy: Key.self).contains(.leaf)
        self = isLeaf ? .leaf(try GraphLeaf(from: decoder)) : .application(try GraphApplication(from: decoder))
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .leaf(let leaf): try leaf.encode(to: encoder)
        case .application(let application): try application.encode(to: encoder)
        }
    }
}
