import BilevelOptimization
import Datasets
import Foundation
import Reporting
import Tensors

/// How to tell classes apart from one picture each? `few-shot-folder FOLDER`: a folder of pictures for each of many
/// classes. Features x are shared by all tasks; each task fits a classifier y of its own to five pictures.
@main struct FewShotFolder {
    static func main() throws {
        guard CommandLine.arguments.count > 1 else { return print("expected FOLDER") }
        let images = try ImageClasses(
            contentsOf: FileTree(path: CommandLine.arguments[1]), name: "folder",
            preparation: ImagePreparation(channels: 1, side: 12), cache: ImageCache(directory: nil))
        let sampler = try EpisodeSampler(images, ways: 5, shots: 1, queries: 3, seed: 1)
        let first = sampler.episode(0), pixels = images.pixelsPerImage
        let supportLabels = Tensor(first.supportLabels), queryLabels = Tensor(first.queryLabels)
        typealias Pictures = TreePair<Tensor, Tensor>  // of the support and the query
        let problem = MetaProblem<Tensor, Pictures, Pictures, Tensor>(
            context: { x, task in TreePair(task.first.product(x).tanh(), task.second.product(x).tanh()) },
            upperObjective: { features, y in features.second.product(y).crossEntropy(labels: queryLabels).mean() },
            lowerObjective: { features, y, _ in
                features.first.product(y).crossEntropy(labels: supportLabels).mean()
            },
            prediction: { features, y in features.second.product(y) })
        let start = (0..<pixels * 32).map { Float(($0 &* 7919) % 201 - 100) / 1500 }
        let solver = try MetaSolver(
            problem, method: .rhg(innerIterations: 10, lowerRate: 0.5), upperRule: .adam(rate: 0.003),
            upper: Tensor(start, shape: [pixels, 32]), lower: .zeros([32, 5]),
            data: TreePair(.zeros([5, pixels]), .zeros([15, pixels])), batchSize: 4, threads: 2)
        solver.tasks = { iteration, index, data in
            let episode = sampler.episode(iteration * 4 + index)
            images.write(episode.support, to: data.floats(0))
            images.write(episode.query, to: data.floats(1))
        }
        var losses: [(x: Double, y: Double)] = []
        for i in 0..<300 { losses.append((Double(i + 1), try solver.step().upperValue)) }
        let averaged = LineChart.Series("mean of 20 iterations", losses).averaged(over: 20)
        print("query loss \(averaged.points[0].y) to \(averaged.points.last!.y); guessing is \(Tensor(5).log().scalar)")
        try LineChart(
            title: "Five classes from one picture each", xLabel: "meta-iteration", yLabel: "query loss",
            series: [averaged]
        ).svg.write(toFile: "few-shot-folder.svg", atomically: true, encoding: .utf8)
    }
}
