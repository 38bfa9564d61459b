import Datasets
import NeuralLayers
import Tensors

/// What normalizations see in training: over the first training episodes, with the variables of the moment. They are
/// means over whole episodes and not over the course of the training, so they depend on the variables alone and nothing
/// has to be carried from step to step (Wu and Johnson 2021).
struct RunningStatistics {
    static let episodeCount = 32

    private let template: [ChannelStatistics]
    /// What one episode leaves behind, by its number, with the variables and the rate factor of the moment.
    private let reader: (SharedVariables, TaskNetwork, Float) -> (Int) -> [ChannelStatistics]

    /// Of the backbone's normalizations, over all images of an episode.
    init(ofBackbone problem: FewShotProblem, _ images: ImageClasses, _ sampler: EpisodeSampler) {
        let x = problem.shared.placeholders("x"), d = problem.template().placeholders("d"),
            function = CompiledFunction(of: [x.tensors, d.tensors], to: [x.statistics(of: d).tensors]),
            template = problem.statisticsTemplate()
        self.template = template
        reader = { x, _, _ in
            let replay = Replay(function), x = Point(copying: x), data = Point(function.arguments[1]),
                result = Point(function.results[0])
            return { number in
                let episode = sampler.episode(number)
                images.write(episode.support, to: data.floats(0))
                images.write(episode.query, to: data.floats(1))
                data.floats(2)[0] = 1
                replay(x, data, into: result)
                return template.with(result.tensors)
            }
        }
    }

    /// Of all normalizations that a query passes after the last lower step.
    /// - Parameter solver: one that tells `Prediction.statistics`.
    init(
        ofLastStep problem: FewShotProblem, _ solver: FewShotSolver, _ images: ImageClasses, _ sampler: EpisodeSampler
    ) {
        let template = problem.statisticsTemplate()
        self.template = template
        reader = { x, z, rateFactor in
            (solver.upper, solver.initialization) = (x, z)
            return { number in
                let vector = solver.predictions(count: 1) { _, task in
                    let episode = sampler.episode(number)
                    images.write(episode.support, to: task.floats(0))
                    images.write(episode.query, to: task.floats(1))
                    task.floats(2)[0] = rateFactor
                }[0].prediction
                return template.unpacked(from: vector)
            }
        }
    }

    /// Means of an episode's means; its variances' mean and the variance of its means, which together are the variance
    /// over all images.
    func statistics(of x: SharedVariables, _ z: TaskNetwork, _ rateFactor: Float) -> [ChannelStatistics] {
        let read = reader(x, z, rateFactor), count = Double(Self.episodeCount)
        var sums = template.map { layer in
            (0..<3).map { _ in [Double](repeating: 0, count: layer.mean.count) }
        }
        for number in 0..<Self.episodeCount {
            for (i, layer) in read(number).enumerated() {
                for (j, (mean, variance)) in zip(layer.mean.scalars, layer.variance.scalars).enumerated() {
                    sums[i][0][j] += mean
                    sums[i][1][j] += mean * mean
                    sums[i][2][j] += variance
                }
            }
        }
        return sums.map { layer in
            let means = layer[0].map { $0 / count }
            let variances = means.indices.map { j in
                layer[2][j] / count + max(layer[1][j] / count - means[j] * means[j], 0)
            }
            return ChannelStatistics(mean: Tensor(means.map(Float.init)), variance: Tensor(variances.map(Float.init)))
        }
    }
}
