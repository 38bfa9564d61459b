import BilevelOptimization
import NeuralLayers
import Tensors

/// What an upper variable makes of a batch, and how it moves, as tensors of one step.
///
/// With f_B = 1/B Σ_i w_i ℓ_i, the hypergradient of F through one step of gradient descent at rate α is
/// dF/dw_i = -α/B ⟨v, ∇_y ℓ_i⟩, v = ∇_y F (or further back: ``UpperDirection``): all of a batch by one push of the
/// losses along v. What w depends on follows by the chain rule; α/B is left out, since no variable moves by its
/// derivative's size.
struct UpperMove {
    /// The given samples' part of f_B, the upper variable held fixed.
    let objective: Tensor
    /// The variable of the batch's samples, and what is kept from one batch to the next; both moved.
    let variable: [Tensor], state: [Tensor]

    /// A batch of given samples as tensors.
    struct Batch {
        /// [batch, classes].
        let logits: Tensor
        /// [batch], int32.
        let labels: Tensor
        /// ⟨v, ∇_y ℓ_i⟩ of losses [batch]: how much a step along ∇_y ℓ_i lowers F. The objective is what y descends on.
        let alignment: (_ losses: Tensor, _ objective: Tensor) -> Tensor
    }

    /// - Parameters:
    ///   - variable: as ``UpperVariable/variable(batch:classes:)``.
    ///   - function: of V's form; `state`: θ, and what the rule remembers that moves it.
    ///   - rate: see ``UpperVariable/standardRate``.
    init(
        _ kind: UpperVariable, _ variable: [Tensor], _ function: WeightFunction?, _ state: [Tensor], of batch: Batch,
        rate: Double
    ) {
        let losses = batch.logits.crossEntropy(labels: batch.labels)
        func moved(_ x: Tensor, along descent: Tensor) -> Tensor {
            x + descent / (descent.squared().mean() + 1e-20).sqrt() * rate
        }
        switch kind {
        case .none: self.init(objective: losses.mean(), variable: variable, state: state)
        case .transition:
            let likelihoods = (batch.logits.logSoftmax() + variable[0].gatheredRows(at: batch.labels))
            self.init(objective: -likelihoods.logSumExp(axes: [1]).mean(), variable: variable, state: state)
        case .weights:
            let sigma = variable[0].sigmoid(), objective = (sigma * losses).mean()
            let descent = batch.alignment(losses, objective) * sigma * (1 - sigma)
            self.init(objective: objective, variable: [moved(variable[0], along: descent)], state: state)
        case .labels:
            let sigma = variable[0].sigmoid()
            let predicted = -(variable[1] * batch.logits.logSoftmax()).sum(axes: [1])
            let objective = (sigma * losses + (1 - sigma) * predicted).mean()
            let descent = batch.alignment(losses - predicted, objective) * sigma * (1 - sigma)
            self.init(
                objective: objective, variable: [moved(variable[0], along: descent), variable[1]], state: state)
        case .weightFunction:
            let theta = Array(state[..<function!.tensors.count])
            let weights = function!.with(theta)(losses, labels: batch.labels)
            let objective = (weights.stopGradient() * losses).mean()
            let slope = gradient(of: -(batch.alignment(losses, objective) * weights).mean(), withRespectTo: theta)
            let step = Self.functionRule(rate).step(theta, gradient: slope, state: Array(state[theta.count...]))
            self.init(objective: objective, variable: variable, state: step.variable + step.state)
        case .lookAhead:
            let positive = batch.alignment(losses, losses.mean()).relu()
            let weights = positive / (positive.sum() + 1e-12)
            self.init(objective: (weights.stopGradient() * losses).sum(), variable: variable, state: state)
        }
    }

    /// What moves a weight function.
    static func functionRule(_ rate: Double) -> UpdateRule { .adam(rate: rate) }

    private init(objective: Tensor, variable: [Tensor], state: [Tensor]) {
        (self.objective, self.variable, self.state) = (objective, variable, state)
    }
}

extension UpperVariable {
    /// What the caller fills before a step: log T by label [classes, classes]; x of the batch's samples [batch], for
    /// soft labels also what was predicted [batch, classes]; nothing where no variable belongs to samples or classes.
    func variable(batch: Int, classes: Int) -> [Tensor] {
        let x = Tensor.placeholder("x", shape: [batch])
        return switch self {
        case .transition: [Tensor.placeholder("log T", shape: [classes, classes])]
        case .weights: [x]
        case .labels: [x, Tensor.placeholder("predicted", shape: [batch, classes])]
        case .weightFunction, .lookAhead, .none: []
        }
    }
}
