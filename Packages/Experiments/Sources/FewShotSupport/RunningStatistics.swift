import Datasets
import NeuralLayers
import Tensors

/// What the backbone's normalizations see in training: over the first training episodes, with the variables of the
/// moment. They are means over whole episodes and not over the course of the training, so they depend on the variables
/// alone and nothing has to be carried from step to step (Wu and Johnson 2021).
struct RunningStatistics {
    static let episodeCount = 32

    private let images: ImageClasses, sampler: EpisodeSampler
    private let template: [ChannelStatistics]
    private let function: CompiledFunction

    init(_ problem: FewShotProblem, _ images: ImageClasses, _ sampler: EpisodeSampler) {
        self.images = images
        self.sampler = sampler
        template = problem.statisticsTemplate()
        let x = problem.shared.placeholders("x"), d = problem.template().placeholders("d")
        function = CompiledFunction(of: [x.tensors, d.tensors], to: [x.statistics(of: d).tensors])
    }

    /// Means of an episode's means; its variances' mean and the variance of its means, which together are the variance
    /// over all images.
    func statistics(of variables: SharedVariables) -> [ChannelStatistics] {
        let replay = Replay(function), x = Point(copying: variables), data = Point(function.arguments[1]),
            result = Point(function.results[0]), count = Double(Self.episodeCount)
        var sums = template.map { layer in
            (0..<3).map { _ in [Double](repeating: 0, count: layer.mean.count) }
        }
        for number in 0..<Self.episodeCount {
            let episode = sampler.episode(number)
            images.write(episode.support, to: data.floats(0))
            images.write(episode.query, to: data.floats(1))
            data.floats(2)[0] = 1
            replay(x, data, into: result)
            for (i, layer) in template.with(result.tensors).enumerated() {
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
