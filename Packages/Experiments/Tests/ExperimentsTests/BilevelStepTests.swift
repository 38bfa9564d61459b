import BilevelOptimization
import Foundation
import LabelCleaningSupport
import NeuralLayers
import Randomness
import Tensors
import Testing

@Suite struct BilevelStepTests {
    static func tensor(_ shape: Shape, _ random: inout RandomGenerator) -> Tensor {
        Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape)
    }

    /// A network, a batch of given samples and one of trusted ones.
    struct Batches {
        let network: Perceptron, images: Tensor, labels: Tensor, clean: Tensor, cleanLabels: Tensor

        init(using random: inout RandomGenerator) {
            network = Perceptron(widths: [5, 7, 3], activation: .relu, using: &random)
            (images, clean) = (BilevelStepTests.tensor([8, 5], &random), BilevelStepTests.tensor([6, 5], &random))
            labels = Tensor((0..<8).map { Int32($0 % 3) })
            cleanLabels = Tensor((0..<6).map { Int32($0 % 3) })
        }

        /// The library's reverse mode through one step of gradient descent on `lowerObjective` is the truth.
        func hypergradient<Upper: TensorTree>(
            at x: Upper, by hypergradient: Hypergradient = .reverse, rate: Double = 1e-4,
            _ lowerObjective: @escaping @Sendable (Upper, Perceptron) -> Tensor
        ) throws -> [Double] {
            // ∇_y F is taken at y_0 by the step, at y_1 by the solver: a rate at which they do not differ.
            let solver = try Solver(
                BilevelProblem<Upper, Perceptron>(
                    upperObjective: { _, y in y(clean).meanCrossEntropy(labels: cleanLabels) },
                    lowerObjective: lowerObjective),
                method: Method(
                    dynamics: .descent(.gradientDescent(rate: rate)), innerIterations: 1, initialization: .fixed,
                    hypergradient: hypergradient),
                upperRule: .gradientDescent(rate: 1), upper: x, lower: network)
            _ = try solver.step()
            return solver.hypergradient.tensors.flatMap { $0.scalars as [Double] }
        }

        /// After one step.
        func step(_ kind: UpperVariable, _ variable: [Tensor], function: WeightFunction? = nil) -> BilevelStep {
            let step = made(kind, function: function)
            if !variable.isEmpty { step.variable.assign(variable) }
            _ = step(on: ThreadPool(threadCount: 1))
            return step
        }

        func made(
            _ kind: UpperVariable, function: WeightFunction? = nil, rate: Double = 1e-3, weightDecay: Double = 0,
            direction: UpperDirection = .oneStep
        ) -> BilevelStep {
            let step = BilevelStep(
                CleaningNetwork(network), kind: kind, sizes: .init(batch: 8, trusted: 0, upper: 6),
                rule: .adam(rate: rate), weightDecay: weightDecay,
                upperRate: 0.5, trustedWeight: 1, function: function, direction: direction, lastSteps: 4)
            step.given.assign([images, labels])
            step.upper.assign([clean, cleanLabels])
            step.dropout.assign([Tensor.ones([8, 7]).evaluated()])
            return step
        }
    }

    /// x moves by half of its derivative over the root mean square of all.
    static func expectMove(_ step: BilevelStep, from x: Tensor, along hypergradient: [Double]) {
        let before: [Double] = x.scalars, after: [Double] = step.variable.tensors[0].scalars
        let scale = (hypergradient.reduce(0) { $0 + $1 * $1 } / 8).squareRoot()
        for (i, h) in hypergradient.enumerated() {
            #expect(abs(after[i] - before[i] + 0.5 * h / scale) < 2e-3)  // y_1 - y_0 is 1e-4 ∇f
        }
    }

    @Test func weightsMoveAlongTheHypergradientOfOneStep() throws {
        var random = RandomGenerator(seed: 3)
        let batches = Batches(using: &random), x = Self.tensor([8], &random)
        let expected = try batches.hypergradient(at: x) { [batches] x, y in
            (x.sigmoid() * y(batches.images).crossEntropy(labels: batches.labels)).mean()
        }
        Self.expectMove(batches.step(.weights, [x]), from: x, along: expected)
    }

    /// A rate at which y stays where it is: the library's series and its limit at the same point.
    @Test(arguments: [UpperDirection.lastSteps, .soba])
    func fartherHypergradientsAreTheLibrarys(_ direction: UpperDirection) throws {
        var random = RandomGenerator(seed: 10)
        let batches = Batches(using: &random), x = Self.tensor([8], &random), decay = 0.5
        let expected = try batches.hypergradient(
            at: x,
            by: direction == .soba
                ? .conjugateGradient(maximumIterations: 100) : .neumann(terms: 4, rate: UpperDirection.rate),
            rate: 1e-9
        ) { [batches] x, y in
            let penalty = y.tensors.reduce(Tensor(0)) { $0 + $1.squared().sum() } * (decay / 2)
            return (x.sigmoid() * y(batches.images).crossEntropy(labels: batches.labels)).mean() + penalty
        }
        let step = batches.made(.weights, rate: 1e-9, weightDecay: decay, direction: direction)
        // v follows its limit by a factor of at most 1 - 0.1 · 0.5 a step.
        for _ in 0..<(direction == .soba ? 300 : 1) {
            step.variable.assign([x])
            _ = step(on: ThreadPool(threadCount: 1))
        }
        Self.expectMove(step, from: x, along: expected)
        let oneStep = try batches.hypergradient(at: x) { [batches] x, y in
            (x.sigmoid() * y(batches.images).crossEntropy(labels: batches.labels)).mean()
        }
        func normalized(_ values: [Double]) -> [Double] {
            let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return values.map { $0 / norm }
        }
        #expect(zip(normalized(expected), normalized(oneStep)).contains { abs($0 - $1) > 0.01 })
    }

    @Test func mixedLabelsMoveAlongTheHypergradientOfOneStep() throws {
        var random = RandomGenerator(seed: 6)
        let batches = Batches(using: &random), x = Self.tensor([8], &random)
        let predicted = Self.tensor([8, 3], &random).softmax().evaluated()
        let expected = try batches.hypergradient(at: x) { [batches] x, y in
            let sigma = x.sigmoid().reshaped(to: [8, 1]), given = batches.labels.oneHot(classes: 3)
            let targets = sigma * given + (1 - sigma) * predicted
            return -(targets * y(batches.images).logSoftmax()).sum(axes: [1]).mean()
        }
        let step = batches.step(.labels, [x, predicted])
        Self.expectMove(step, from: x, along: expected)
        #expect(step.variable.tensors[1].scalars() as [Float] == predicted.scalars() as [Float])
    }

    /// ∇ℓ of what the network says itself is 0: mixed in, it only makes the given label's weight smaller.
    @Test func aLabelMixedWithTheNetworksOwnWordIsAWeight() {
        var random = RandomGenerator(seed: 7)
        let batches = Batches(using: &random), x = Self.tensor([8], &random)
        let own = batches.network(batches.images).softmax().evaluated()
        let mixed: [Float] = batches.step(.labels, [x, own]).network.tensors[0].scalars()
        let weighted: [Float] = batches.step(.weights, [x]).network.tensors[0].scalars()
        let start: [Float] = batches.network.tensors[0].scalars()
        #expect(zip(weighted, start).contains { abs($0 - $1) > 9e-4 })  // Adam's first step is 1e-3 either way
        // Where a derivative is as good as zero, its sign may be another.
        #expect(zip(mixed, weighted).count { abs($0 - $1) < 1e-6 } >= 33)
    }

    @Test func theWeightFunctionMovesAlongTheHypergradientOfOneStep() throws {
        var random = RandomGenerator(seed: 8)
        let batches = Batches(using: &random)
        var function = WeightFunction(classes: 3, using: &random)
        function.byClass = (Self.tensor(function.byClass.shape, &random) * 0.3).evaluated()
        let expected = try batches.hypergradient(at: function) { [batches] theta, y in
            let losses = y(batches.images).crossEntropy(labels: batches.labels)
            return (theta(losses.stopGradient(), labels: batches.labels) * losses).mean()
        }
        let step = batches.step(.weightFunction, [], function: function), tensors = step.state.tensors
        // Behind y and its Adam's memory stand θ and its Adam's memory: first the mean of gradients, after one step
        // a tenth of the first.
        let mean: [Double] = tensors[(4 + 10 + 5)..<(4 + 10 + 10)].flatMap { $0.scalars as [Double] }
        func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        #expect(norm(expected) > 0)
        let cosine = zip(mean, expected).reduce(0) { $0 + $1.0 * $1.1 } / norm(mean) / norm(expected)
        #expect(cosine > 1 - 1e-6)
        // The next step weighs by what θ has become.
        let moved = function.with(Array(tensors[14..<19])), y = batches.network.with(Array(tensors[..<4]))
        let losses = y(batches.images).crossEntropy(labels: batches.labels)
        let weighted: [Double] = (moved(losses, labels: batches.labels) * losses).mean().scalars
        #expect(abs(step(on: ThreadPool(threadCount: 1)) - weighted[0]) < 1e-5)
        #expect(abs(moved.output.bias.scalars[0] - function.output.bias.scalars[0]) > 0.4)  // Adam's first step is 0.5
    }

    /// v ← 0.9 v + ∇f + λ y, y ← y - 0.2 v, twice.
    @Test func gradientDescentKeepsItsMomentum() {
        var random = RandomGenerator(seed: 9)
        let network = Perceptron(widths: [5, 3], activation: .relu, using: &random)
        let images = Self.tensor([8, 5], &random), labels = Tensor((0..<8).map { Int32($0 % 3) })
        var settings = CleaningConfiguration()
        (settings.optimizer, settings.rate) = (.sgd, 0.2)
        let step = BilevelStep(
            CleaningNetwork(network), kind: .none, sizes: .init(batch: 8, trusted: 0, upper: 0), rule: settings.rule,
            weightDecay: 0.01, upperRate: 1, trustedWeight: 1)
        step.given.assign([images, labels])
        var (y, velocity) = (network, network.tensors.map { ($0 * 0).evaluated() })
        for _ in 0..<2 {
            _ = step(on: ThreadPool(threadCount: 1))
            let slopes = gradient(of: y(images).meanCrossEntropy(labels: labels), withRespectTo: y.tensors)
            velocity = zip(velocity, zip(slopes, y.tensors)).map { ($0 * 0.9 + $1.0 + $1.1 * 0.01).evaluated() }
            y = y.with(zip(y.tensors, velocity).map { ($0 - $1 * 0.2).evaluated() })
        }
        for (found, expected) in zip(step.network.tensors, y.tensors) {
            let (found, expected): ([Double], [Double]) = (found.scalars, expected.scalars)
            for (f, e) in zip(found, expected) { #expect(abs(f - e) < 1e-6) }
        }
    }

    @Test func underTheIdentityTheTransitionLeavesTheLossAsItIs() {
        var random = RandomGenerator(seed: 4)
        let network = Perceptron(widths: [5, 3], activation: .relu, using: &random)
        let images = Self.tensor([8, 5], &random), labels = Tensor((0..<8).map { Int32($0 % 3) })
        func loss(_ kind: UpperVariable) -> Double {
            let step = BilevelStep(
                CleaningNetwork(network), kind: kind, sizes: .init(batch: 8, trusted: 0, upper: 0),
                rule: .adam(rate: 1e-3), weightDecay: 0,
                upperRate: 1, trustedWeight: 1)
            step.given.assign([images, labels])
            if kind == .transition {
                step.variable.assign([
                    Tensor(NoiseTransition(identityOf: 3).logarithmsByLabel, shape: [3, 3])
                ])
            }
            return step(on: ThreadPool(threadCount: 1))
        }
        #expect(abs(loss(.transition) - loss(.none)) < 1e-5)  // log(1e-8) in place of log 0
    }

    @Test func theTransitionsLossIsTheLikelihoodOfGivenLabels() {
        var random = RandomGenerator(seed: 5)
        let network = Perceptron(widths: [4, 3], activation: .relu, using: &random)
        let images = Self.tensor([6, 4], &random), labels: [Int32] = [0, 1, 2, 2, 1, 0]
        let step = BilevelStep(
            CleaningNetwork(network), kind: .transition, sizes: .init(batch: 6, trusted: 0, upper: 0),
            rule: .adam(rate: 1e-3), weightDecay: 0,
            upperRate: 1, trustedWeight: 1)
        step.given.assign([images, Tensor(labels)])
        step.variable.assign([Tensor(NoiseTransitionTests.truth.logarithmsByLabel, shape: [3, 3])])
        let p: [Double] = network(images).softmax().scalars
        let expected = labels.enumerated().reduce(0.0) { sum, sample in
            let (i, g) = sample
            let likelihood = (0..<3).reduce(0.0) {
                $0 + p[i * 3 + $1] * NoiseTransitionTests.truth[class: $1, label: Int(g)]
            }
            return sum - log(likelihood) / 6
        }
        #expect(abs(step(on: ThreadPool(threadCount: 1)) - expected) < 1e-5)
    }
}
