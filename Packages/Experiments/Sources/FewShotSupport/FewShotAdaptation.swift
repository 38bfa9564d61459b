import BilevelOptimization
import Datasets
import NeuralLayers
import Tensors

/// A trained checkpoint adapted to a person's own classes: a few labelled images of each, then guesses for further
/// images.
package struct FewShotAdaptation {
    /// A query image with the probability of each class.
    package struct Guess: Sendable {
        package let path: String
        /// The class that its folder names, where that is one of the support's.
        package let trueClass: Int?
        package let probabilities: [Double]
        package var predicted: Int { probabilities.indices.max { probabilities[$0] < probabilities[$1] }! }
    }

    package let settings: FewShotConfiguration
    package let classNames: [String]
    package let support: ImageClasses, query: ImageClasses
    package let supportPaths: [String]
    package let guesses: [Guess]

    /// - Parameters:
    ///   - supportPath: a folder (or zip archive) with a folder of PNG files for each class, one image or more.
    ///   - queryPath: PNG files, in any folders; a folder called like a class says what is true.
    ///   - innerIterations: lower steps; nil for as many as in training.
    package init(
        checkpointPath: String, support supportPath: String, query queryPath: String, innerIterations: Int? = nil
    ) throws {
        let checkpoint = try Checkpoint(path: checkpointPath)
        var settings = try FewShotConfiguration(checkpoint: checkpoint, file: checkpointPath)
        settings.innerIterations = innerIterations ?? settings.innerIterations
        let image = try checkpoint.image(file: checkpointPath)
        var preparation = settings.dataset.preparation
        preparation.channels = image.channels
        preparation.side = image.height

        let supportTree = try FileTree(path: supportPath), queryTree = try FileTree(path: queryPath),
            folders = supportTree.imageFolders
        if let loose = folders.first, loose.name.isEmpty {
            throw DatasetError.damaged(
                at: supportPath, "a folder of PNG files for each class expected, \(loose.paths[0]) lies in none")
        }
        let support = try ImageClasses(
            contentsOf: supportTree, name: "support", preparation: preparation, cache: ImageCache(directory: nil))
        guard support.classCount == settings.ways else {
            throw CheckpointError(
                expected: "\(support.classCount) ways, as \(supportPath) holds \(support.classCount) classes,",
                got: "\(settings.ways) ways", file: checkpointPath)
        }
        let query = try ImageClasses(
            contentsOf: queryTree, name: "query", preparation: preparation, cache: ImageCache(directory: nil))
        // Two folders x/a and y/a would be one name: then the whole path is the name.
        let lastParts = folders.map { String($0.name.split(separator: "/").last!) },
            names = Set(lastParts).count == folders.count ? lastParts : folders.map(\.name)

        let supportLabels = (0..<support.classCount).flatMap {
            Array(repeating: Int32($0), count: support.images(ofClass: $0).count)
        }
        // F is not read by predictions: the labels only say how many images there are.
        let problem = try settings.problem(
            supportLabels: supportLabels, queryLabels: Array(repeating: 0, count: query.imageCount), image: image)
        let solver = try settings.solver(problem, batchSize: 1),
            rateFactor = settings.rateFactor(at: checkpoint.selectedIteration ?? 0)
        try solver.takeSelected(checkpoint, file: checkpointPath)
        let logits = solver.predictions(count: 1) { [support, query] _, task in
            support.write(Array(0..<support.imageCount), to: task.floats(0))
            query.write(Array(0..<query.imageCount), to: task.floats(1))
            task.floats(2)[0] = rateFactor
        }[0].prediction
        let probabilities = logits.logSoftmax().exp().scalars

        guesses = queryTree.imageFolders.flatMap { folder in folder.paths.map { (folder.name, $0) } }.enumerated().map {
            i, place in
            Guess(
                path: place.1,
                trueClass: place.0.split(separator: "/").last.flatMap { names.firstIndex(of: String($0)) },
                probabilities: Array(probabilities[(i * names.count)..<((i + 1) * names.count)]))
        }
        (self.settings, self.support, self.query, classNames) = (settings, support, query, names)
        supportPaths = folders.flatMap(\.paths)
    }

    /// The share of right guesses among the images whose class is known; nil if none is.
    package var accuracy: Double? {
        let known = guesses.filter { $0.trueClass != nil }
        return known.isEmpty ? nil : Double(known.count { $0.trueClass == $0.predicted }) / Double(known.count)
    }
}
