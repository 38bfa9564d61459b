import BilevelOptimization
import Datasets
import RunSupport
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
    /// What the two folders hold, and what is not read of it.
    package let supportCount: PictureCount, queryCount: PictureCount
    /// What lies in them beside pictures and is not read, a line each.
    package var remarks: [String] { [supportCount, queryCount].compactMap(\.remark) }
    package let guesses: [Guess]

    /// - Parameters:
    ///   - supportPath: a folder (or zip archive) with a folder of PNG or JPEG files for each class, one image or more.
    ///   - queryPath: PNG or JPEG files, in any folders; a folder called like a class says what is true.
    ///   - innerIterations: lower steps; nil for as many as in training.
    ///   - memoryBudget: of the solver; nil keeps what pays.
    package init(
        checkpointPath: String, support supportPath: String, query queryPath: String, innerIterations: Int? = nil,
        memoryBudget: MemorySize? = nil
    ) throws {
        let checkpoint = try Checkpoint(path: checkpointPath)
        var settings = try FewShotConfiguration(checkpoint: checkpoint, file: checkpointPath)
        settings.innerIterations = innerIterations ?? settings.innerIterations
        settings.memoryBudget = memoryBudget
        let image = try checkpoint.image(file: checkpointPath)
        let preparation = try checkpoint.preparation(of: settings.dataset, file: checkpointPath)

        let supportTree = try FileTree(path: supportPath), queryTree = try FileTree(path: queryPath),
            folders = supportTree.imageFolders
        if let loose = folders.first, loose.path.isEmpty {
            throw DatasetError.damaged(
                at: supportPath,
                "a folder of PNG or JPEG files for each class expected (for example \(supportPath)/cat/1.png), "
                    + "\(loose.pictures[0]) lies in none")
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
        let lastParts = folders.map(\.path.name),
            paths = Set(lastParts).count == folders.count ? lastParts : folders.map(\.path),
            names = paths.map(\.description)

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
        // An infinite logit has a probability, 0 or 1, which says nothing.
        let probabilities = logits.logSoftmax().exp().scalars
        guard (logits.scalars + probabilities).allSatisfy(\.isFinite) else {
            throw RunError.notFinite(place: queryPath, quantity: "the predictions")
        }

        guesses = queryTree.imageFolders.flatMap { folder in
            // By bytes; else é in one code point and in two are the same.
            let name = folder.path.name,
                trueClass = paths.firstIndex(of: name) ?? names.firstIndex(of: name.description)
            return folder.pictures.map { ($0.description, trueClass) }
        }.enumerated().map { i, place in
            Guess(
                path: place.0, trueClass: place.1,
                probabilities: Array(probabilities[(i * names.count)..<((i + 1) * names.count)]))
        }
        (self.settings, self.support, self.query, classNames) = (settings, support, query, names)
        supportPaths = folders.flatMap { $0.pictures.map(\.description) }
        (supportCount, queryCount) = (supportTree.pictureCount, queryTree.pictureCount)
    }

    /// The share of right guesses among the images whose class is known; nil if none is.
    package var accuracy: Double? {
        let known = guesses.filter { $0.trueClass != nil }
        return known.isEmpty ? nil : Double(known.count { $0.trueClass == $0.predicted }) / Double(known.count)
    }
}
