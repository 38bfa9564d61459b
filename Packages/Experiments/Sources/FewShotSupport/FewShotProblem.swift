import BilevelOptimization
import Foundation
import NeuralLayers
import Randomness
import RunSupport
import Tensors

/// Few-shot classification as a meta-problem (Liu et al. 2021): x the backbone, y a task's head, z the
/// shared start.
package struct FewShotProblem: Sendable {
    package enum BackboneName: String, NamedSetting {
        case omniglot, convnet4, resnet12
        /// A stride of 2 in place of pooling, as in MAML's Omniglot experiments.
        case stridedOmniglot = "omniglot-strided"

        func convolutions(
            inputs: Int, hidden: Int?, using random: inout RandomGenerator, elementType: ElementType
        ) -> ConvolutionNetwork? {
            switch self {
            case .omniglot: .omniglot(hidden: hidden ?? 64, using: &random, elementType: elementType)
            case .stridedOmniglot: .stridedOmniglot(hidden: hidden ?? 64, using: &random, elementType: elementType)
            case .convnet4: .convNet(inputs: inputs, hidden: hidden ?? 32, using: &random, elementType: elementType)
            case .resnet12: nil
            }
        }
    }
    package enum HeadName: String, NamedSetting {
        case linear
        /// The last convolution block moves into the task's part, with softplus in place of ReLU.
        case dfc
    }
    package enum Regularizer: String, NamedSetting {
        case none
        /// λ ‖y - z‖².
        case distance
        /// λ Σ (y² + ε²)^(q/2) with q = 0.5, ε = 0.1: smooth, also at 0.
        case lq
    }

    /// What is told of a solved task.
    package enum Prediction: Sendable {
        case logits
        /// Those of the query's normalizations, each by its own, in one vector.
        case statistics
        /// All of y in one vector.
        case network
    }

    /// The classes of the support's and the query's images, 0 ..< ways.
    package let supportLabels: [Int32], queryLabels: [Int32]
    /// Of the images: channels, height, width.
    package let image: (channels: Int, height: Int, width: Int)
    package let shared: SharedVariables
    package let head: TaskNetwork
    package let regularizer: Regularizer
    package let regularization: Double
    package let solution: Solution
    package let steps: LearnedSteps
    package let ways: Int

    /// Episodes of as many images in every class.
    /// - Parameters: as below.
    package init(
        ways: Int, shots: Int, queries: Int, image: (channels: Int, height: Int, width: Int), backbone: BackboneName,
        head: HeadName = .linear,
        hidden: Int? = nil, taskConvolutions: Int = 0, steps: LearnedSteps = LearnedSteps(),
        regularizer: Regularizer = .none,
        regularization: Double = 0.25,
        solution: Solution = .descent, using random: inout RandomGenerator, elementType: ElementType = .float32
    ) throws(SolverError) {
        func labels(_ count: Int) -> [Int32] { (0..<ways * count).map { Int32($0 / count) } }
        try self.init(
            ways: ways, supportLabels: labels(shots), queryLabels: labels(queries), image: image, backbone: backbone,
            head: head, hidden: hidden,
            taskConvolutions: taskConvolutions, steps: steps, regularizer: regularizer,
            regularization: regularization,
            solution: solution, using: &random, elementType: elementType)
    }

    /// - Parameters:
    ///   - taskConvolutions: how many of the last blocks belong to the task; all of them for MAML.
    ///   - steps: what is learned of the lower steps.
    package init(
        ways: Int, supportLabels: [Int32], queryLabels: [Int32], image: (channels: Int, height: Int, width: Int),
        backbone name: BackboneName,
        head headName: HeadName, hidden: Int?, taskConvolutions: Int, steps: LearnedSteps,
        regularizer: Regularizer, regularization: Double, solution: Solution = .descent,
        using random: inout RandomGenerator, elementType: ElementType = .float32
    ) throws(SolverError) {
        self.supportLabels = supportLabels
        self.queryLabels = queryLabels
        self.image = image
        self.regularizer = regularizer
        self.regularization = regularization
        self.solution = solution
        self.steps = steps
        self.ways = ways
        let moved = max(taskConvolutions, headName == .dfc ? 1 : 0)
        guard moved == 0 || solution == .descent else {
            throw .outOfRange(
                name: "task convolutions", expected: "0 where the head is solved exactly", got: "\(moved)", nearest: "0"
            )
        }
        guard steps.isNothing || solution == .descent else {
            throw .outOfRange(
                name: "learned steps", expected: "a head that is found by steps", got: "\(solution.rawValue)",
                nearest: "iaptt-gm")
        }
        guard !steps.normalizes || moved > 0 else {
            throw .outOfRange(
                name: "normalization per-step", expected: "convolutions of a task's own, which the steps change",
                got: "none", nearest: "maml, or 1 task convolution")
        }
        var own: [ConvolutionBlock] = []
        let backbone: Backbone
        if let network = name.convolutions(
            inputs: image.channels, hidden: hidden, using: &random, elementType: elementType)
        {
            guard (0...4).contains(moved) else {
                throw .outOfRange(
                    name: "task convolutions", expected: "0 … 4", got: "\(moved)",
                    nearest: "\(min(max(moved, 0), 4))")
            }
            guard min(image.height, image.width) >= 16 else {
                throw .outOfRange(
                    name: "backbone \(name.rawValue)", expected: "images of at least 16 x 16",
                    got: "\(image.height) x \(image.width)", nearest: "16 x 16")
            }
            guard name == .convnet4 || image.channels == 1 else {
                throw .outOfRange(
                    name: "backbone \(name.rawValue)", expected: "grey images", got: "\(image.channels) channels",
                    nearest: "convnet4")
            }
            own = Array(network.blocks.suffix(moved))
            if headName == .dfc, let last = own.popLast() {
                own.append(
                    ConvolutionBlock(
                        inputs: last.convolution.weight.shape[2], outputs: last.convolution.weight.shape[3],
                        order: last.order, activation: .softplus, isAveraged: last.isAveraged, using: &random,
                        elementType: elementType))
            }
            backbone = moved == 4 ? .none : .blocks(Array(network.blocks.dropLast(moved)))
        } else {
            guard moved == 0 else {
                throw .outOfRange(
                    name: "backbone resnet12", expected: "a linear head on the whole network",
                    got: "a task's own convolutions", nearest: "convnet4 for task convolutions")
            }
            backbone = .residual(
                ResNet12(
                    inputs: image.channels,
                    channels: hidden.map { [$0, 2 * $0, 4 * $0, 8 * $0] } ?? [64, 128, 256, 512], using: &random,
                    elementType: elementType))
        }
        let sample = Tensor.placeholder(
            "image", shape: [1, image.height, image.width, image.channels], elementType: elementType)
        var source = NormalizationSource()
        let features = own.reduce(backbone(sample, &source)) { $1($0, &source) }.count
        let drawn = Linear(inputs: features, outputs: ways, using: &random, elementType: elementType)
        // Where the solution does not depend on the start, that is nothing.
        let linear =
            solution == .descent
            ? drawn : drawn.map { Tensor.zeros($0.shape, elementType: elementType).evaluated() }
        let clock = steps.isCounting ? [Tensor(0, elementType: elementType).evaluated()] : []
        head = TaskNetwork(blocks: own, linear: linear, clock: clock)
        shared = SharedVariables(
            backbone: backbone, steps: steps.variables(for: head, elementType: elementType),
            head: solution.parameters(elementType: elementType))
    }

    /// Placeholders' shapes of one episode.
    package func template(
        _ normalization: EpisodeNormalization = .apart, elementType: ElementType = .float32
    ) -> EpisodeData {
        func zeros(_ labels: [Int32]) -> Tensor {
            .zeros([labels.count, image.channels, image.height, image.width], elementType: elementType)
        }
        return EpisodeData(
            support: zeros(supportLabels), query: zeros(queryLabels), rateFactor: Tensor(1, elementType: elementType),
            statistics: normalization.readsGiven ? statisticsTemplate(elementType: elementType) : [])
    }

    /// Of the backbone's normalizations and a task's own, zeros.
    package func statisticsTemplate(elementType: ElementType = .float32) -> [ChannelStatistics] {
        let image = Tensor.placeholder(
            "image", shape: [1, image.height, image.width, image.channels], elementType: elementType)
        var source = NormalizationSource()
        _ = head(shared.backbone(image, &source), &source)
        return source.statistics.map { $0.map { Tensor.zeros($0.shape, elementType: elementType).evaluated() } }
    }

    /// Support and query, each normalized by its own statistics.
    package var problem: MetaProblem<SharedVariables, EpisodeData, EpisodeMaps, TaskNetwork> { problem(.apart) }

    package func problem(
        _ normalization: EpisodeNormalization, predicting told: Prediction = .logits
    ) -> MetaProblem<SharedVariables, EpisodeData, EpisodeMaps, TaskNetwork> {
        let supportLabels = Tensor(self.supportLabels), queryLabels = Tensor(self.queryLabels),
            regularizer = self.regularizer, λ = regularization, solution = solution, steps = steps
        var result = MetaProblem<SharedVariables, EpisodeData, EpisodeMaps, TaskNetwork>(
            context: { shared, given in
                let maps = shared.maps(of: given, normalization, keepsStatistics: told == .statistics)
                return self.read(maps, shared, rateFactor: given.rateFactor)
            },
            upperObjective: { maps, y in y.query(of: maps, normalization).meanCrossEntropy(labels: queryLabels) },
            lowerObjective: { maps, y, z in
                // Its Hessian is the identity, its minimiser the solution.
                if let solution = maps.solution.first {
                    let distance = y.linear.combined(with: solution) { $0 - $1 }
                    return distance.dot(distance) * 0.5
                }
                if solution == .logistic { return y.linear.regularizedLoss(maps.support.rowsOfFeatures, supportLabels) }
                let loss = y.normalized(by: maps.steps)(maps.support).meanCrossEntropy(labels: supportLabels)
                switch regularizer {
                case .none: return loss
                case .distance:
                    return zip(y.parameters, z.parameters).reduce(loss) { $0 + ($1.0 - $1.1).squaredNorm() * λ }
                case .lq: return y.parameters.reduce(loss) { $0 + ($1.squared() + 0.01).power(0.25).sum() * λ }
                }
            },
            prediction: { maps, y in
                switch told {
                case .logits: solution.completed(y.query(of: maps, normalization), features: maps.query)
                case .statistics: y.statistics(ofQuery: maps)
                case .network: y.packed
                }
            })
        if !solution.isClosedForm {
            result.preconditioner = { maps, y, gradient in
                steps.direction(gradient, at: y, maps.steps, rateFactor: maps.rateFactor[0])
            }
        }
        return result
    }

    /// Maps as a task's levels read them: with the head's solution where that is a formula, in the length that the head
    /// is solved at, with what is learned of scale and steps.
    package func read(_ maps: EpisodeMaps, _ shared: SharedVariables, rateFactor: Tensor) -> EpisodeMaps {
        var maps = maps
        if let closedForm {
            maps.solution = [closedForm(maps.support.rowsOfFeatures, shared.head)]
        } else {
            (maps.support, maps.query) = (solution.read(maps.support), solution.read(maps.query))
            maps.scale = solution.scale(shared.head)
            maps.rateFactor = [rateFactor]
            maps.steps = shared.steps
        }
        return maps
    }

    /// The head as a function of the support's features [n, d]; nil where there is no formula.
    private var closedForm: ((Tensor, [Tensor]) -> Linear)? {
        switch solution {
        case .descent, .logistic: return nil
        case .prototypes:
            let means = classMeans
            return { features, _ in
                // -‖φ - p‖² = 2 pᵀφ - ‖p‖² - ‖φ‖², whose last term all classes share (Snell et al. 2017, 2.4).
                let prototypes = means.converted(to: features.elementType).product(features)
                return Linear(weight: prototypes * 2, bias: prototypes.squared().sum(axes: [1]) * -1)
            }
        case .ridge:
            let labels = Tensor(supportLabels), ways = ways
            return { features, parameters in
                let weight = ridgeRegression(
                    features: features, targets: labels.oneHot(classes: ways, elementType: features.elementType),
                    regularization: parameters[1].exp())
                return Linear(
                    weight: weight.permuted([1, 0]) * parameters[0].exp(),
                    bias: .zeros([ways], elementType: features.elementType))
            }
        }
    }

    /// [ways, n]: 1 over a class's images at each of them.
    private var classMeans: Tensor {
        let counts = (0..<ways).map { label in supportLabels.count { $0 == Int32(label) } }
        return Tensor(
            (0..<ways).flatMap { label in
                supportLabels.map { $0 == Int32(label) ? 1 / Double(counts[label]) : 0 }
            }, shape: [ways, supportLabels.count])
    }
}

extension SharedVariables {
    /// The backbone's maps of an episode's images.
    /// - Parameter keepsStatistics: whether with what the query left in the backbone's normalizations.
    func maps(of given: EpisodeData, _ normalization: EpisodeNormalization, keepsStatistics: Bool = false)
        -> EpisodeMaps
    {
        let support = given.support.permuted([0, 2, 3, 1]), query = given.query.permuted([0, 2, 3, 1])
        var first = NormalizationSource(), second = NormalizationSource()
        let maps: (support: Tensor, query: Tensor)
        switch normalization {
        case .apart: maps = (backbone(support, &first), backbone(query, &second))
        case .bySupport:
            let ofSupport = backbone(support, &first)
            second = NormalizationSource(first.statistics)
            maps = (ofSupport, backbone(query, &second))
        case .together:
            let n = support.shape[0], all = backbone(Tensor(concatenating: [support, query]), &first)
            maps = (all.sliced(axis: 0, 0..<n), all.sliced(axis: 0, n..<all.shape[0]))
        case .given:
            first = NormalizationSource(given.statistics)
            second = first
            maps = (backbone(support, &first), backbone(query, &second))
        case .queryGiven:
            second = NormalizationSource(given.statistics)
            maps = (backbone(support, &first), backbone(query, &second))
        }
        var result = EpisodeMaps(support: maps.support, query: maps.query)
        // The rest is for the normalizations of the task's own blocks.
        if normalization == .queryGiven { result.statistics = Array(given.statistics[second.statistics.count...]) }
        if keepsStatistics { result.statistics = second.statistics }
        return result
    }

    /// Of the backbone's normalizations, over all images of an episode.
    func statistics(of given: EpisodeData) -> [ChannelStatistics] {
        var source = NormalizationSource()
        _ = backbone(Tensor(concatenating: [given.support, given.query]).permuted([0, 2, 3, 1]), &source)
        return source.statistics
    }
}
