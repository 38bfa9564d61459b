import BilevelOptimization
import NeuralLayers
import RunSupport
import Tensors

/// One step of both levels on a batch, compiled: the network y moves along ∇_y f_B by Adam, and the upper variable as
/// its kind says.
///
/// f_B(x, y) = 1/B Σ_i w_i ℓ(y; u_i, v_i, T) + mean cross-entropy of trusted samples (where there are some), with
/// ℓ = -log Σ_k p_y(k | u_i) T[k, v_i]. F = mean cross-entropy of other trusted samples.
///
/// The weights' hypergradient through one step of gradient descent at rate α is dF/dw_i = -α/B ⟨∇_y F, ∇_y ℓ_i⟩: all of
/// a batch by one push of the losses along ∇_y F.
package final class BilevelStep {
    /// How many samples a batch has: given ones, trusted ones of the lower level, trusted ones of the upper level.
    package struct Sizes {
        let batch: Int, trusted: Int, upper: Int
        package init(batch: Int, trusted: Int, upper: Int) {
            (self.batch, self.trusted, self.upper) = (batch, trusted, upper)
        }
    }

    let sizes: Sizes
    /// What the caller fills before a step: images [batch, values] and labels; dropout factors [batch, hidden].
    package let given: Point, trusted: Point, upper: Point, dropout: Point
    /// log T by label [classes, classes], or x of the batch's samples [batch]; nothing where there is no upper
    /// variable.
    package let variable: Point
    private let moved: Point, loss: Point
    /// y and what Adam remembers, twice: a step reads one and writes the other.
    private var current: (network: Point, rule: Point), next: (network: Point, rule: Point)
    private let replay: Replay

    /// - Parameters:
    ///   - network: where y begins.
    ///   - weightDecay: λ, λ y is added to the gradient.
    ///   - upperRate: how far x_i moves where its derivative is the root mean square of the batch's.
    package init(
        _ network: Perceptron, kind: UpperVariable, sizes: Sizes, rate: Double, weightDecay: Double, upperRate: Double,
        trustedWeight: Double
    ) {
        self.sizes = sizes
        let classes = network.layers.last!.bias.count, values = network.layers[0].weight.shape[1]
        let rule = UpdateRule.adam(rate: rate), state = rule.initialState(for: network.tensors)
        func samples(_ count: Int) -> [Tensor] {
            count == 0
                ? []
                : [
                    Tensor.placeholder("images", shape: [count, values]),
                    Tensor.placeholder("labels", shape: [count], elementType: .int32),
                ]
        }
        let y = network.placeholders("y"), rememberedByRule = state.map { $0.placeholder("state") }
        let (B, V, U) = (samples(sizes.batch), samples(sizes.trusted), samples(sizes.upper))
        let masks = network.layers.dropLast().map { layer in
            Tensor.placeholder("dropout", shape: [sizes.batch, layer.bias.count])
        }
        let x: [Tensor] =
            switch kind {
            case .transition: [Tensor.placeholder("log T", shape: [classes, classes])]
            case .weights: [Tensor.placeholder("x", shape: [sizes.batch])]
            case .lookAhead, .none: []
            }
        let logits = y.logits(B[0], dropout: masks)
        let losses =
            kind == .transition
            ? -(logits.logSoftmax() + x[0].gatheredRows(at: B[1])).logSumExp(axes: [1])
            : logits.crossEntropy(labels: B[1])
        // ⟨∇_y F, ∇_y ℓ_i⟩, one a sample of the batch: how much a step along ∇_y ℓ_i lowers F.
        func alignment() -> Tensor {
            let F = y(U[0]).meanCrossEntropy(labels: U[1])
            let direction = gradient(of: F, withRespectTo: y.tensors)
            return pushforward(of: [losses], tangents: direction, withRespectTo: y.tensors)[0]
        }
        var weighted = losses.mean(), movedVariable = x
        switch kind {
        case .transition, .none: break
        case .weights:
            let sigma = x[0].sigmoid(), derivative = alignment() * sigma * (1 - sigma)
            weighted = (sigma * losses).mean()
            let scale = (derivative.squared().mean() + 1e-20).sqrt()
            movedVariable = [x[0] + derivative / scale * upperRate]
        case .lookAhead:
            let positive = alignment().relu()
            weighted = ((positive / (positive.sum() + 1e-12)).stopGradient() * losses).sum()
        }
        let f = V.isEmpty ? weighted : weighted + y(V[0]).meanCrossEntropy(labels: V[1]) * trustedWeight
        let slopes = zip(gradient(of: f, withRespectTo: y.tensors), y.tensors).map { $0 + $1 * weightDecay }
        let stepped = rule.step(y.tensors, gradient: slopes, state: rememberedByRule)
        let function = CompiledFunction(
            of: [y.tensors, rememberedByRule, B, masks, V, U, x],
            to: [stepped.variable, stepped.state, movedVariable, [f]])
        replay = Replay(function)
        let layouts = function.arguments
        current = (Point(copying: network), Point(copying: state))
        next = (Point(layouts[0]), Point(layouts[1]))
        (given, dropout, trusted) = (Point(layouts[2]), Point(layouts[3]), Point(layouts[4]))
        (upper, variable) = (Point(layouts[5]), Point(layouts[6]))
        (moved, loss) = (Point(layouts[6]), Point(function.results[3]))
    }

    /// y now.
    package var network: Point { current.network }
    /// y and what Adam remembers: what a checkpoint needs.
    var state: [Point] { [current.network, current.rule] }

    /// One step; `variable` moves with it. Returns f_B before it.
    package func callAsFunction(on pool: ThreadPool) -> Double {
        replay(
            current.network, current.rule, given, dropout, trusted, upper, variable, into: next.network, next.rule,
            moved, loss, on: pool)
        swap(&current, &next)
        variable.copy(from: moved)
        return Double(loss.floats(0)[0])
    }
}

extension Perceptron {
    /// Logits [batch, classes], with each hidden layer's outputs multiplied by factors [batch, width].
    func logits(_ input: Tensor, dropout: [Tensor]) -> Tensor {
        var value = input
        for (i, layer) in layers.enumerated() {
            value = i == 0 ? layer(value) : layer(activation(value) * dropout[i - 1])
        }
        return value
    }
}
