import BilevelOptimization
import Datasets
import NeuralLayers
import RunSupport
import Tensors

/// A trained checkpoint adapted to a person's own classes: a few labelled images of each, then guesses for further
/// images.
package struct FewShotAdaptation {
    /// What may be asked for beside the folders.
    package struct Options: Sendable {
        /// Lower steps; nil for as many as in training.
        package var innerIterations: Int?
        /// Nil for the checkpoint's; where that is transductive, the support's.
        package var normalization: NormalizationName?
        package var polarity = InkPolarity.border
        /// Of networks that learned from strokes.
        package var strokes = StrokeTreatment.auto
        /// Never "none of these".
        package var alwaysChooses = false
        /// Of the solver; nil keeps what pays.
        package var memoryBudget: MemorySize?

        package init() {}
    }

    /// A query image with the probability of each class.
    package struct Guess: Sendable {
        package let path: String
        /// The class that its folder names, where that is one of the support's.
        package let trueClass: Int?
        package let probabilities: [Double]
        /// Whether it is none of the classes; `predicted` is the nearest all the same.
        package let isNone: Bool
        package var predicted: Int { probabilities.indices.max { probabilities[$0] < probabilities[$1] }! }
        /// Whether the answer is the truth; nil where that is not known.
        package var isRight: Bool? { trueClass.map { !isNone && $0 == predicted } }
    }

    package let settings: FewShotConfiguration
    package let classNames: [String]
    package let support: PreparedPictures, query: PreparedPictures
    package let supportPaths: [String]
    /// What the two folders hold, and what is not read of it.
    package let supportCount: PictureCount, queryCount: PictureCount
    package let guesses: [Guess]
    /// What was calibrated for "none of these"; nil where that is never answered.
    package let refusal: Refusal?
    /// What was done about strokes of another pen than the training's; nil for networks of other pictures.
    package let strokes: StrokeRedrawing?
    /// What lies in the folders beside pictures and is not read, a line each.
    package var remarks: [String] { [supportCount, queryCount].compactMap(\.remark) }
    /// The reason for another normalization than the checkpoint's, and which pictures were turned over, a line each.
    package let notes: [String]

    /// - Parameters:
    ///   - supportPath: a folder (or zip archive) with a folder of PNG or JPEG files for each class, one image or more.
    ///   - queryPath: PNG or JPEG files, in any folders; a folder called like a class says what is true.
    package init(
        checkpointPath: String, support supportPath: String, query queryPath: String, options: Options = Options()
    ) throws {
        let checkpoint = try Checkpoint(path: checkpointPath)
        var settings = try FewShotConfiguration(checkpoint: checkpoint, file: checkpointPath), notes: [String] = []
        settings.innerIterations = options.innerIterations ?? settings.innerIterations
        settings.memoryBudget = options.memoryBudget
        let trained = settings.normalization
        settings.normalization = options.normalization ?? (trained == .transductive ? .support : trained)
        if options.normalization == nil, trained == .transductive {
            notes.append(
                "\(checkpointPath): trained with transductive normalization; the support's statistics are used here, "
                    + "so that each picture stands alone (--normalization transductive for the other)")
        }
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
        let supportImages = try ImageClasses(
            contentsOf: supportTree, name: "support", preparation: preparation, cache: ImageCache(directory: nil))
        guard supportImages.classCount == settings.ways || settings.method.solution != .descent else {
            throw CheckpointError(
                expected:
                    "\(supportImages.classCount) ways, as \(supportPath) holds \(supportImages.classCount) classes,",
                got: "\(settings.ways) ways", file: checkpointPath)
        }
        guard supportImages.classCount > 1 else {
            throw DatasetError.missing(at: supportPath, "at least two folders of classes expected, there is one")
        }
        let queryImages = try ImageClasses(
            contentsOf: queryTree, name: "query", preparation: preparation, cache: ImageCache(directory: nil))
        // Two folders x/a and y/a would be one name: then the whole path is the name.
        let lastParts = folders.map(\.path.name),
            paths = Set(lastParts).count == folders.count ? lastParts : folders.map(\.path),
            names = paths.map(\.description)

        let polarity = settings.dataset.learnsStrokes ? options.polarity : .asIs
        var pictures = (
            support: PreparedPictures(supportImages, polarity, isInverted: preparation.isInverted),
            query: PreparedPictures(queryImages, polarity, isInverted: preparation.isInverted)
        )
        let strokeWidth = checkpoint.strokeWidth(settings.dataset)
        guard strokeWidth != nil || options.strokes != .redraw else {
            throw CheckpointError(
                expected: "few-shot train on strokes (omniglot or glyphs), whose width is in it, for --strokes redraw",
                got: "\(settings.dataset.rawValue) without", file: checkpointPath)
        }
        strokes = try strokeWidth.flatMap {
            try StrokeRedrawing(
                &pictures, of: (supportTree, queryTree), preparation, options.strokes, trainedWidth: $0)
        }
        (support, query) = pictures
        let logits = try Self.logits(
            settings, checkpoint, checkpointPath, support: support, query: query, image: image)
        // An infinite logit has a probability, 0 or 1, which says nothing.
        let probabilities = logits.map { Tensor($0).expandingAxis(0).logSoftmax().exp().scalars }
        guard (logits + probabilities).allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw RunError.notFinite(place: queryPath, quantity: "the predictions")
        }
        let isCalibrated = settings.normalization == trained && !options.alwaysChooses
        let refusal = isCalibrated ? checkpoint.notes["refusal"].flatMap(Refusal.init(note:)) : nil

        guesses = queryTree.imageFolders.flatMap { folder in
            // By bytes; else é in one code point and in two are the same.
            let name = folder.path.name,
                trueClass = paths.firstIndex(of: name) ?? names.firstIndex(of: name.description)
            return folder.pictures.map { ($0.description, trueClass) }
        }.enumerated().map { i, place in
            Guess(
                path: place.0, trueClass: place.1, probabilities: probabilities[i],
                isNone: refusal?.refuses(logits[i]) ?? false)
        }
        (self.settings, self.refusal, classNames) = (settings, refusal, names)
        supportPaths = folders.flatMap { $0.pictures.map(\.description) }
        (supportCount, queryCount) = (supportTree.pictureCount, queryTree.pictureCount)
        self.notes =
            notes
            + [(supportPath, support), (queryPath, query)].compactMap { $1.remark(at: $0) }
            + [strokes?.note(support: supportPath, query: queryPath)].compactMap { $0 }
    }

    /// A row for each query picture. Transductive ones come of all pictures at once, others of each alone.
    private static func logits(
        _ settings: FewShotConfiguration, _ checkpoint: Checkpoint, _ file: String, support: PreparedPictures,
        query: PreparedPictures, image: (channels: Int, height: Int, width: Int)
    ) throws -> [[Double]] {
        let isTransductive = settings.normalization == .transductive
        // F is not read by predictions: the query's labels only say how many images there are.
        let problem = try settings.problem(
            ways: support.classCount, supportLabels: support.labels,
            queryLabels: Array(repeating: 0, count: isTransductive ? query.count : 1), image: image)
        let normalization = settings.normalization.inTests
        let solver = try settings.solver(
            problem, normalization, batchSize: 1, predicting: isTransductive ? .logits : .network)
        try solver.takeSelected(checkpoint, file: file, takesStart: settings.method.solution == .descent)
        var statistics: [ChannelStatistics] = []
        if normalization.readsGiven {
            guard let found = try checkpoint.statistics(like: problem.statisticsTemplate(), file: file) else {
                throw CheckpointError(
                    expected: "few-shot train with --normalization \(settings.normalization.rawValue)",
                    got: "one without running statistics",
                    file: file)
            }
            statistics = found
        }
        let rateFactor = settings.rateFactor(at: checkpoint.selectedIteration ?? 0)
        guard !isTransductive else {
            let logits = solver.predictions(count: 1) { _, task in
                _ = task.floats(0).update(fromContentsOf: support.pixels.joined())
                _ = task.floats(1).update(fromContentsOf: query.pixels.joined())
                task.floats(2)[0] = rateFactor
            }[0].prediction
            return (0..<query.count).map { logits.sliced($0..<($0 + 1)).scalars }
        }
        let classifier = AdaptedClassifier(
            problem, solver, support: Array(support.pixels.joined()), rateFactor: rateFactor, statistics: statistics)
        return query.pixels.map(classifier.logits)
    }

    /// The share of right guesses among the images whose class is known; nil if none is.
    package var accuracy: Double? {
        let known = guesses.compactMap(\.isRight)
        return known.isEmpty ? nil : Double(known.count { $0 }) / Double(known.count)
    }
}
