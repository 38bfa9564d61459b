import BilevelOptimization
import NeuralLayers
import RunSupport
import Tensors

/// One step of both levels on a batch, compiled: the network y moves along ∇_y f_B by a rule, and the upper variable
/// as its kind says.
///
/// f_B(x, y) = what the upper variable makes of the given samples (``UpperMove``; with a transition 1/B Σ_i ℓ_i,
/// ℓ = -log Σ_k p_y(k | u_i) T[k, v_i]) + mean cross-entropy of trusted samples (where there are some). F = mean
/// cross-entropy of other trusted samples.
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
    /// ``UpperVariable/variable(batch:classes:)``.
    package let variable: Point
    private let moved: Point, loss: Point
    /// y and its normalizations' running statistics, what y's rule remembers, θ and the same, v; twice: a step reads
    /// one and writes the other.
    private var current: Point, next: Point
    private let trainedParts: Range<Int>
    private let replay: Replay

    /// - Parameters:
    ///   - network: where y begins.
    ///   - rule: moves y.
    ///   - weightDecay: λ, λ y is added to the gradient.
    ///   - upperRate: see ``UpperVariable/standardRate``.
    ///   - function: the weight function where it is the upper variable.
    ///   - lastSteps: h of the direction.
    package init(
        _ network: CleaningNetwork, kind: UpperVariable, sizes: Sizes, rule: UpdateRule, weightDecay: Double,
        upperRate: Double, trustedWeight: Double, function weightFunction: WeightFunction? = nil,
        direction: UpperDirection = .oneStep, lastSteps: Int = 1
    ) {
        self.sizes = sizes
        let memory = rule.initialState(for: network.tensors), trained = TrainedNetwork(network)
        let theta = weightFunction.map { $0.tensors + UpperMove.functionRule(0).initialState(for: $0.tensors) } ?? []
        func samples(_ count: Int) -> [Tensor] {
            count == 0
                ? []
                : [
                    Tensor.placeholder("images", shape: [count, network.inputs]),
                    Tensor.placeholder("labels", shape: [count], elementType: .int32),
                ]
        }
        let y = network.placeholders("y"), statistics = trained.statistics.placeholders("statistics")
        let remembered = memory.map { $0.placeholder("memory") }
        let (B, V, U) = (samples(sizes.batch), samples(sizes.trusted), samples(sizes.upper))
        let masks = network.hiddenWidths.map { Tensor.placeholder("dropout", shape: [sizes.batch, $0]) }
        var source = NormalizationSource()
        let logits = y(B[0], dropout: masks, &source)
        let seen = zip(statistics.tensors, source.statistics.tensors).map { $0 * 0.9 + $1 * 0.1 }
        let startV = kind.measuresF ? direction.state(for: network.tensors) : []
        let v = startV.map { $0.placeholder("v") }
        let x = kind.variable(batch: sizes.batch, classes: network.classes), kept = theta.map { $0.placeholder("θ") }
        // ∇_y f_B for what the upper variable makes of the batch.
        func slopes(_ objective: Tensor) -> (f: Tensor, slopes: [Tensor]) {
            let f = V.isEmpty ? objective : objective + y(V[0]).meanCrossEntropy(labels: V[1]) * trustedWeight
            return (f, zip(gradient(of: f, withRespectTo: y.tensors), y.tensors).map { $0 + $1 * weightDecay })
        }
        // ⟨v, ∇_y ℓ_i⟩, one a sample of the batch.
        var nextV = v
        func alignment(_ losses: Tensor, _ objective: Tensor) -> Tensor {
            func pushed(_ values: [Tensor], _ direction: [Tensor]) -> [Tensor] {
                pushforward(of: values, tangents: direction, withRespectTo: y.tensors)
            }
            let F = y(U[0]).meanCrossEntropy(labels: U[1])
            let found = direction(gradient(of: F, withRespectTo: y.tensors), kept: v, steps: lastSteps) {
                pushed(slopes(objective).slopes, $0)
            }
            nextV = found.kept
            return pushed([losses], found.v)[0]
        }
        let move = UpperMove(
            kind, x, weightFunction, kept, of: .init(logits: logits, labels: B[1], alignment: alignment),
            rate: upperRate)
        let (f, moving) = slopes(move.objective)
        let stepped = rule.step(y.tensors, gradient: moving, state: remembered)
        let function = CompiledFunction(
            of: [y.tensors + statistics.tensors + remembered + kept + v, B, masks, V, U, x],
            to: [stepped.variable + seen + stepped.state + move.state + nextV, move.variable, [f]])
        replay = Replay(function)
        let layouts = function.arguments
        (current, next) = (Point(copying: trained.tensors + memory + theta + startV), Point(layouts[0]))
        trainedParts = trained.tensors.indices
        (given, dropout, trusted) = (Point(layouts[1]), Point(layouts[2]), Point(layouts[3]))
        (upper, variable) = (Point(layouts[4]), Point(layouts[5]))
        (moved, loss) = (Point(layouts[5]), Point(function.results[2]))
    }

    /// y now, and the statistics behind it: a ``TrainedNetwork``.
    package var network: Point { current.part(trainedParts) }
    /// Those, θ, v and what the rules remember: what a checkpoint needs.
    package var state: Point { current }

    /// One step; `variable` moves with it. Returns f_B before it.
    package func callAsFunction(on pool: ThreadPool) -> Double {
        replay(current, given, dropout, trusted, upper, variable, into: next, moved, loss, on: pool)
        swap(&current, &next)
        variable.copy(from: moved)
        return Double(loss.floats(0)[0])
    }
}
