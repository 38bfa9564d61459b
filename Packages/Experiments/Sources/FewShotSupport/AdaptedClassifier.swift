import BilevelOptimization
import NeuralLayers
import Tensors

/// A network adapted to a support, with everything in it fixed. It sees one picture at a time, always by the same
/// program, so that a picture's answer is the same alone, in any order and in any company, to the bit.
///
/// The lower problem is solved once; a picture costs one pass.
struct AdaptedClassifier {
    private let replay: Replay
    private let fixed: [Point], image: Point, result: Point

    /// - Parameters:
    ///   - problem: of one query image.
    ///   - solver: of `problem.problem(normalization, predicting: .network)`, with the variables of a checkpoint.
    ///   - support: pixels of its images, [n, channels, height, width].
    ///   - statistics: running ones; none elsewhere.
    init(
        _ problem: FewShotProblem, _ solver: FewShotSolver, support: [Float], rateFactor: Float,
        statistics given: [ChannelStatistics]
    ) {
        let network = solver.predictions(count: 1) { _, task in
            _ = task.floats(0).update(fromContentsOf: support)
            task.floats(1).update(repeating: 0)
            task.floats(2)[0] = rateFactor
            for (i, tensor) in given.tensors.enumerated() {
                _ = task.floats(3 + i).update(fromContentsOf: tensor.scalars() as [Float])
            }
        }[0].prediction
        let x = solver.upper, y = problem.head.unpacked(from: network)
        let images = Tensor(support, shape: problem.template().support.shape)
        let statistics =
            given.isEmpty ? problem.statistics(ofSupport: images, x, y).map { $0.map { $0.evaluated() } } : given

        let xArgument = x.placeholders("x"), yArgument = y.placeholders("y"),
            statisticsArgument = statistics.placeholders("statistics"),
            imageArgument = problem.template().query.placeholder("image")
        let logits = problem.logits(imageArgument, xArgument, yArgument, by: statisticsArgument)
        let function = CompiledFunction(
            of: [xArgument.tensors, yArgument.tensors, statisticsArgument.tensors, [imageArgument]], to: [[logits]])
        replay = Replay(function)
        fixed = [Point(copying: x), Point(copying: y), Point(copying: statistics)]
        image = Point(function.arguments[3])
        result = Point(function.results[0])
    }

    /// A number for each class.
    /// - Parameter pixels: of one picture, [channels, height, width].
    func logits(_ pixels: [Float]) -> [Double] {
        _ = image.floats(0).update(fromContentsOf: pixels)
        replay(fixed[0], fixed[1], fixed[2], image, into: result)
        return result.tensors[0].scalars
    }
}

extension FewShotProblem {
    /// What a batch of images leaves behind in the normalizations, of the backbone and then of a task's own blocks.
    /// - Parameter images: [n, channels, height, width].
    func statistics(ofSupport images: Tensor, _ x: SharedVariables, _ y: TaskNetwork) -> [ChannelStatistics] {
        var source = NormalizationSource()
        _ = y.normalized(by: x.steps)(x.backbone(images.permuted([0, 2, 3, 1]), &source), &source)
        return source.statistics
    }

    /// Logits of images, each for itself.
    /// - Parameter images: [n, channels, height, width].
    func logits(_ images: Tensor, _ x: SharedVariables, _ y: TaskNetwork, by statistics: [ChannelStatistics]) -> Tensor
    {
        var source = NormalizationSource(statistics)
        let maps = solution.read(x.backbone(images.permuted([0, 2, 3, 1]), &source)),
            logits = y.normalized(by: x.steps)(maps, &source)
        return solution.completed(solution.scale(x.head).reduce(logits, *), features: maps)
    }
}

extension TensorTree {
    /// All elements in one vector.
    var packed: Tensor { Tensor(concatenating: tensors.map { $0.reshaped(to: [$0.count]) }) }

    /// A tree of this form from such a vector.
    func unpacked(from vector: Tensor) -> Self {
        var start = 0
        return map { tensor in
            defer { start += tensor.count }
            return vector.sliced(start..<(start + tensor.count)).reshaped(to: tensor.shape).evaluated()
        }
    }
}
