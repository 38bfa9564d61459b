import Tensors

/// How a graph is evaluated. Whatever is chosen, the results mean the same.
package struct GraphEvaluation: Codable, Sendable {
    package enum Programs: String, Codable, CaseIterable, Sendable {
        /// Values and all derivatives in one program.
        case together
        /// A program for each quantity.
        case separately
        /// Variables are data too: everything is folded.
        case evaluated
    }
    package enum Constants: String, Codable, CaseIterable, Sendable { case folded, inputs }

    package var programs: Programs
    package var constants: Constants
    /// The program runs once for each number of threads.
    package var threads: [Int]

    package init(programs: Programs = .together, constants: Constants = .folded, threads: [Int] = [1]) {
        self.programs = programs
        self.constants = constants
        self.threads = threads
    }
}

/// What is computed of a graph: its outputs o; with f = Σ wᵀo for fixed irregular weights w, the gradient of f, the
/// product of its Hessian with fixed irregular tangents t, and the push-forward of t to the outputs.
package struct GraphResults {
    package var values: [[Double]] = []
    package var gradient: [[Double]] = []
    package var hessianProduct: [[Double]] = []
    package var pushforward: [[Double]] = []
    /// Whether every number of threads gave the same bits.
    package var hasSameBits = true
}

extension GraphDescription {
    package func results(_ evaluation: GraphEvaluation, pool: (Int) -> ThreadPool) throws -> GraphResults {
        var inputs: [Tensor] = [], data: [Tensor] = [], variables: [Tensor] = []
        let outputs = try outputTensors { leaf, value in
            let isInput =
                switch leaf.leaf {
                case .variable: evaluation.programs != .evaluated
                case .constant, .indices: evaluation.programs != .evaluated && evaluation.constants == .inputs
                case .fill: false
                }
            let tensor = isInput ? value.placeholder() : value
            if isInput {
                inputs.append(tensor)
                data.append(value)
            }
            if leaf.leaf == .variable { variables.append(tensor) }
            return tensor
        }
        let quantities = Derivatives(of: outputs, variables: variables, type: type).quantities
        var groups = [quantities.flatMap { $0 }]
        if evaluation.programs == .separately { groups = quantities }
        let programs = groups.map { Program(inputs: inputs, outputs: $0) }

        var runs: [[[Double]]] = []
        for threads in evaluation.threads {
            runs.append(programs.flatMap { $0(data, pool: pool(threads)).map(\.scalars) })
        }
        var results = GraphResults(), rest = runs[0][...]
        func take(_ count: Int) -> [[Double]] {
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        results.values = take(quantities[0].count)
        results.gradient = take(quantities[1].count)
        results.hessianProduct = take(quantities[2].count)
        results.pushforward = take(quantities[3].count)
        results.hasSameBits = runs.allSatisfy { run in
            zip(run, runs[0]).allSatisfy { $0.map(\.bitPattern) == $1.map(\.bitPattern) }
        }
        return results
    }

    /// The outputs as expressions of leaves.
    /// - Parameter leaf: what stands for a leaf, given the leaf and its value.
    package func outputTensors(_ leaf: (GraphLeaf, Tensor) -> Tensor) throws -> [Tensor] {
        var tensors: [Tensor] = []
        for node in nodes {
            switch node {
            case .leaf(let description): tensors.append(leaf(description, description.tensor(type: type)))
            case .application(let application):
                guard application.operands.allSatisfy(tensors.indices.contains) else {
                    throw GraphError(
                        description: "\(application.operation): operands \(application.operands) of "
                            + "\(tensors.count) nodes")
                }
                tensors.append(try application.applied(to: application.operands.map { tensors[$0] }, type: type))
            }
        }
        return outputs.map { tensors[$0] }
    }
}

extension GraphLeaf {
    /// The leaf with its data.
    package func tensor(type: ElementType) -> Tensor {
        let shape = Shape(shape)
        if leaf == .fill { return Tensor(repeating: values[0], shape: shape, elementType: type) }
        let scalars = (0..<shape.count).map { values[$0 % values.count] }
        switch leaf == .indices ? .int32 : type {
        case .float32: return Tensor(scalars.map(Float.init), shape: shape)
        case .float64: return Tensor(scalars, shape: shape)
        case .int32: return Tensor(scalars.map { Int32($0) }, shape: shape)
        }
    }
}

/// The four quantities as expressions.
private struct Derivatives {
    let quantities: [[Tensor]]

    init(of outputs: [Tensor], variables: [Tensor], type: ElementType) {
        // Indices have no derivative; what was converted counts in the graph's type.
        let smooth = outputs.filter { $0.elementType.isFloatingPoint }.map { $0.converted(to: type) }
        let value = smooth.enumerated().map { $1.dot(irregular($1.shape, phase: $0, type)) }
            .reduce(Tensor(0, elementType: type), +)
        let tangents = variables.enumerated().map { irregular($1.shape, phase: 100 + $0, type) }
        quantities = [
            outputs, gradient(of: value, withRespectTo: variables),
            hessianVectorProduct(of: value, withRespectTo: variables, vector: tangents),
            pushforward(of: smooth, tangents: tangents, withRespectTo: variables),
        ]
    }
}

/// Fixed numbers in [-1, 1] without pattern, the fractional parts of multiples of the golden ratio: the same in
/// `Tools/differential.d/reference.py`.
private func irregular(_ shape: Shape, phase: Int, _ type: ElementType) -> Tensor {
    let scalars = (0..<shape.count).map { i in
        let t = (Double(i) + 1) * 0.6180339887498949 + Double(phase) * 0.7548776662466927
        return 2 * (t - t.rounded(.down)) - 1
    }
    return type == .float64 ? Tensor(scalars, shape: shape) : Tensor(scalars.map(Float.init), shape: shape)
}
