import BilevelOptimization
import Foundation
import NeuralLayers
import Randomness
import RunSupport
import Tensors

/// Few-shot classification as a meta-problem (Liu et al. 2021): x the backbone, y a task's head, z the
/// shared start.
package struct FewShotProblem: Sendable {
    package enum BackboneName: String, NamedSetting { case omniglot, convnet4, resnet12 }
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

    /// The classes of the support's and the query's images, 0 ..< ways.
    package let supportLabels: [Int32], queryLabels: [Int32]
    /// Of the images: channels, height, width.
    package let image: (channels: Int, height: Int, width: Int)
    package let shared: SharedVariables
    package let head: TaskNetwork
    package let regularizer: Regularizer
    package let regularization: Double

    /// Episodes of as many images in every class.
    /// - Parameters: as below.
    package init(
        ways: Int, shots: Int, queries: Int, image: (channels: Int, height: Int, width: Int), backbone: BackboneName,
        head: HeadName = .linear,
        hidden: Int? = nil, taskConvolutions: Int = 0, learnedStepSize: Double? = nil, regularizer: Regularizer = .none,
        regularization: Double = 0.25,
        using random: inout RandomGenerator, elementType: ElementType = .float32
    ) throws(SolverError) {
        func labels(_ count: Int) -> [Int32] { (0..<ways * count).map { Int32($0 / count) } }
        try self.init(
            ways: ways, supportLabels: labels(shots), queryLabels: labels(queries), image: image, backbone: backbone,
            head: head, hidden: hidden,
            taskConvolutions: taskConvolutions, learnedStepSize: learnedStepSize, regularizer: regularizer,
            regularization: regularization,
            using: &random, elementType: elementType)
    }

    /// - Parameters:
    ///   - taskConvolutions: how many of the last blocks belong to the task; all of them for MAML.
    ///   - learnedStepSize: where the step sizes of Meta-SGD start; nil without.
    package init(
        ways: Int, supportLabels: [Int32], queryLabels: [Int32], image: (channels: Int, height: Int, width: Int),
        backbone name: BackboneName,
        head headName: HeadName, hidden: Int?, taskConvolutions: Int, learnedStepSize: Double?,
        regularizer: Regularizer, regularization: Double,
        using random: inout RandomGenerator, elementType: ElementType = .float32
    ) throws(SolverError) {
        self.supportLabels = supportLabels
        self.queryLabels = queryLabels
        self.image = image
        self.regularizer = regularizer
        self.regularization = regularization
        let moved = max(taskConvolutions, headName == .dfc ? 1 : 0)
        var own: [ConvolutionBlock] = []
        let backbone: Backbone
        switch name {
        case .omniglot, .convnet4:
            guard (0...4).contains(moved) else {
                throw .outOfRange(
                    name: "task convolutions", expected: "0 … 4", got: "\(moved)",
                    nearest: "\(min(max(moved, 0), 4))")
            }
            let network =
                name == .omniglot
                ? ConvolutionNetwork.omniglot(hidden: hidden ?? 64, using: &random, elementType: elementType)
                : ConvolutionNetwork.convNet(
                    inputs: image.channels, hidden: hidden ?? 32, using: &random, elementType: elementType)
            guard min(image.height, image.width) >= 16 else {
                throw .outOfRange(
                    name: "backbone \(name.rawValue)", expected: "images of at least 16 x 16",
                    got: "\(image.height) x \(image.width)", nearest: "16 x 16")
            }
            guard name == .convnet4 || image.channels == 1 else {
                throw .outOfRange(
                    name: "backbone omniglot", expected: "grey images", got: "\(image.channels) channels",
                    nearest: "convnet4")
            }
            own = Array(network.blocks.suffix(moved))
            if headName == .dfc, let last = own.popLast() {
                own.append(
                    ConvolutionBlock(
                        inputs: last.convolution.weight.shape[2], outputs: last.convolution.weight.shape[3],
                        order: last.order, activation: .softplus, using: &random, elementType: elementType))
            }
            backbone = moved == 4 ? .none : .blocks(Array(network.blocks.dropLast(moved)))
        case .resnet12:
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
        let features = own.reduce(backbone(sample)) { $1($0) }.count
        let head = TaskNetwork(
            blocks: own, linear: Linear(inputs: features, outputs: ways, using: &random, elementType: elementType))
        self.head = head
        shared = SharedVariables(
            backbone: backbone,
            stepSizes: learnedStepSize.map { rate in
                head.tensors.map { Tensor(repeating: rate, shape: $0.shape, elementType: elementType) }
            } ?? [])
    }

    /// Placeholders' shapes of one episode.
    package func template(elementType: ElementType = .float32) -> EpisodeData {
        func zeros(_ labels: [Int32]) -> Tensor {
            .zeros([labels.count, image.channels, image.height, image.width], elementType: elementType)
        }
        return EpisodeData(
            support: zeros(supportLabels), query: zeros(queryLabels), rateFactor: Tensor(1, elementType: elementType))
    }

    package var problem: MetaProblem<SharedVariables, EpisodeData, EpisodeMaps, TaskNetwork> {
        let supportLabels = Tensor(self.supportLabels), queryLabels = Tensor(self.queryLabels),
            regularizer = self.regularizer, λ = regularization, count = head.tensors.count
        return MetaProblem(
            context: { shared, given in
                func maps(_ images: Tensor) -> Tensor { shared.backbone(images.permuted([0, 2, 3, 1])) }
                let sizes =
                    shared.stepSizes.isEmpty
                    ? Array(repeating: given.rateFactor, count: count) : shared.stepSizes.map { $0 * given.rateFactor }
                return EpisodeMaps(support: maps(given.support), query: maps(given.query), stepSizes: sizes)
            },
            upperObjective: { maps, y in y(maps.query).meanCrossEntropy(labels: queryLabels) },
            lowerObjective: { maps, y, z in
                let loss = y(maps.support).meanCrossEntropy(labels: supportLabels)
                switch regularizer {
                case .none: return loss
                case .distance: return zip(y.tensors, z.tensors).reduce(loss) { $0 + ($1.0 - $1.1).squaredNorm() * λ }
                case .lq: return y.tensors.reduce(loss) { $0 + ($1.squared() + 0.01).power(0.25).sum() * λ }
                }
            },
            stepSizes: { $0.stepSizes },
            prediction: { maps, y in y(maps.query) })
    }
}
