import NeuralLayers
import RunSupport
import Tensors

/// What is learned of the lower steps themselves, beside where they start.
package struct LearnedSteps: Sendable, Hashable {
    package enum Sizes: String, NamedSetting {
        /// One rate for all.
        case fixed
        /// A size for each weight (Meta-SGD, Li et al. 2017).
        case perWeight = "per-weight"
        /// A size for each tensor and each step (MAML++, Antoniou et al. 2019).
        case perStep = "per-step"
    }
    package enum Preconditioner: String, NamedSetting {
        case none
        /// A matrix for each mode of a gradient (Park and Oliva 2019).
        case curvature = "meta-curvature"
    }

    package var sizes = Sizes.fixed, preconditioner = Preconditioner.none
    /// Whether each step has a scale and a shift of its own in the normalizations of a task's blocks, which the steps
    /// do not change (MAML++).
    package var normalizes = false
    /// Where sizes start.
    package var rate = 1.0
    /// K. Steps after it are as the last.
    package var count = 1

    package init() {}

    /// Whether y holds the number of the step.
    var isCounting: Bool { sizes == .perStep || normalizes }
    /// Whether the sizes say how far a step goes; else the dynamics' rate does.
    package var ownRate: Bool { sizes != .fixed || isCounting }
    package var isNothing: Bool { sizes == .fixed && preconditioner == .none && !normalizes }

    /// The variables, as they start: steps of `rate` along the gradient.
    func variables(for network: TaskNetwork, elementType: ElementType) -> StepVariables {
        var result = StepVariables()
        func filled(_ value: Double, _ shape: Shape) -> Tensor {
            Tensor(repeating: value, shape: shape, elementType: elementType).evaluated()
        }
        switch sizes {
        case .fixed: break
        case .perWeight: result.sizes = network.parameters.map { filled(rate, $0.shape) }
        case .perStep: result.sizes = network.parameters.map { _ in filled(rate, [count]) }
        }
        func identity(_ n: Int, _ type: ElementType) -> Tensor {
            Tensor((0..<n * n).map { $0 / n == $0 % n ? 1.0 : 0 }, shape: [n, n]).converted(to: type).evaluated()
        }
        if preconditioner == .curvature {
            result.curvature = network.parameters.enumerated().map { number, tensor in
                curvatureModes(of: tensor.shape, keepsOutputs: number >= network.parameters.count - 2).map {
                    identity($0, elementType)
                }
            }
        }
        if normalizes {
            result.normalizations = network.blocks.map { block in
                block.normalization.map { row in
                    Tensor(
                        repeating: row.scalars[0], shape: [count + 1, row.count], elementType: elementType
                    ).evaluated()
                }
            }
        }
        return result
    }

    /// What a step follows, the rate included; the last tensor counts the steps, if any does.
    package func direction(_ gradient: TaskNetwork, at y: TaskNetwork, _ steps: StepVariables, rateFactor: Tensor)
        -> TaskNetwork
    {
        var tensors = gradient.parameters
        if preconditioner == .curvature {
            tensors = zip(tensors, steps.curvature).map { $0.transformed(by: $1) }
        }
        switch sizes {
        case .fixed where isCounting: tensors = tensors.map { $0 * (rateFactor * rate) }
        case .fixed: tensors = tensors.map { $0 * rateFactor }
        case .perWeight: tensors = zip(tensors, steps.sizes).map { $0 * ($1 * rateFactor) }
        case .perStep:
            tensors = zip(tensors, steps.sizes).map { $0 * (y.row(of: $1.expandingAxis(1)).sum() * rateFactor) }
        }
        let ahead = isCounting ? [Tensor(-1, elementType: gradient.linear.bias.elementType)] : []
        return gradient.with(tensors + ahead)
    }
}

/// The variables of `LearnedSteps`, a part of x: each empty where nothing of the kind is learned.
package struct StepVariables: TensorTree {
    /// For each tensor of a task's network, of its shape or [K].
    package var sizes: [Tensor] = []
    /// For each tensor a square matrix for each mode that is turned.
    package var curvature: [[Tensor]] = []
    /// For each of a task's blocks, scale and shift of [K + 1, channels]: of the support at each step, then of the
    /// query at y_K.
    package var normalizations: [BatchNormalization] = []

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try sizes.visitTensors(under: "stepSizes", visit)
        try curvature.visitTensors(under: "curvature", visit)
        try normalizations.visitTensors(under: "stepNormalizations", visit)
    }
}

/// The modes of a gradient that Meta-Curvature turns: of a convolution [k, k, inputs, outputs] the k² places, inputs
/// and outputs, of a linear layer [outputs, inputs] both; a vector has none. The outputs of the last layer are an
/// episode's classes, drawn anew each time: there is nothing to be learned of one against another.
private func curvatureModes(of shape: Shape, keepsOutputs: Bool) -> [Int] {
    switch shape.rank {
    case 4: [shape[0] * shape[1], shape[2], shape[3]]
    case 2: keepsOutputs ? [shape[1]] : [shape[1], shape[0]]
    default: []
    }
}

extension Tensor {
    /// Mode products with matrices of `curvatureModes`.
    fileprivate func transformed(by modes: [Tensor]) -> Tensor {
        switch modes.count {
        case 3:
            let (places, inputs, outputs) = (modes[0].shape[0], modes[1].shape[0], modes[2].shape[0])
            let turned = modes[0].product(reshaped(to: [places, inputs * outputs]))
                .reshaped(to: [places * inputs, outputs]).product(modes[2], transposingOther: true)
                .reshaped(to: [places, inputs, outputs]).permuted([1, 0, 2])
                .reshaped(to: [inputs, places * outputs])
            return modes[1].product(turned).reshaped(to: [inputs, places, outputs]).permuted([1, 0, 2])
                .reshaped(to: shape)
        case 2: return modes[1].product(product(modes[0], transposingOther: true))
        case 1: return product(modes[0], transposingOther: true)
        default: return self
        }
    }
}

extension TaskNetwork {
    /// All tensors but the count of the steps.
    var parameters: [Tensor] { clock.isEmpty ? tensors : Array(tensors.dropLast()) }

    /// The network with the normalizations of the step that it has come to.
    func normalized(by steps: StepVariables) -> TaskNetwork {
        var network = self
        for (i, rows) in steps.normalizations.enumerated() {
            network.blocks[i].normalization = rows.map(row)
        }
        return network
    }

    /// Of [steps, n] the row of the step that it has come to, or the last; [n]. The count is not differentiated.
    fileprivate func row(of table: Tensor) -> Tensor {
        let count = table.shape[0], type = table.elementType, k = clock[0].stopGradient()
        let numbers = Tensor((0..<count).map(Double.init)).converted(to: type),
            last = Tensor((0..<count).map { $0 == count - 1 ? 1.0 : 0 }).converted(to: type)
        let chosen = numbers.equal(k) + last * k.greater(Double(count - 1))
        return chosen.stopGradient().expandingAxis(0).product(table).reshaped(to: [table.shape[1]])
    }
}
