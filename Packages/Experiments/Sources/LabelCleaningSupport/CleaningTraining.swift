import BilevelOptimization
import Datasets
import NeuralLayers
import RunSupport
import Tensors

/// Trains networks on samples whose labels may be wrong, one member of the ensemble after the other, and remembers what
/// they say of every sample on the way.
///
/// Each member leaves other samples out: a tenth of the given ones and a fifth of the trusted ones, on which it shows
/// how often it contradicts labels that it was not taught.
///
/// Where errors turn out to fall on any class alike, every second member is taught the labels as they are, without the
/// transition: what it learns late is what should be given up (``PlainMargins``).
final class CleaningTraining {
    /// What members say of samples that they left out.
    struct LeftOut {
        /// Of given samples, by members under the upper variable, and by those taught the labels as they are.
        var given: LeftOutPredictions, plain: LeftOutPredictions
        /// Of trusted samples, by all members.
        var trusted: LeftOutPredictions
    }

    let data: CleaningData
    private let configuration: CleaningConfiguration
    private let epochsPerMember: Int
    private let pool: ThreadPool
    /// Epochs done, of all members.
    private(set) var epoch = 0
    /// p(class | sample) over all epochs but each member's first two.
    private(set) var running: RunningProbabilities
    /// Of the present member: over its first five epochs; over the second half of its epochs, of given and of trusted
    /// samples.
    private var early: RunningProbabilities, late: RunningProbabilities, lateTrusted: RunningProbabilities
    /// Of further samples, over the second half of every member's epochs.
    private(set) var test: RunningProbabilities
    private(set) var leftOut: LeftOut
    private(set) var plainMargins: PlainMargins
    private(set) var transition: NoiseTransition
    /// x, one a given sample, where the upper variable is by sample.
    private(set) var weights: [Float]
    private var member: Member
    /// Of each member so far, whether it is taught the labels as they are.
    private var arePlain = [false]

    init(_ data: CleaningData, _ configuration: CleaningConfiguration) {
        self.data = data
        self.configuration = configuration
        epochsPerMember = configuration.epochs
        pool = ThreadPool(threadCount: configuration.threads)
        let given = RunningProbabilities(samples: data.given.count, classCount: data.classCount)
        (running, early, late) = (given, given, given)
        lateTrusted = RunningProbabilities(samples: data.trusted.count, classCount: data.classCount)
        test = RunningProbabilities(samples: data.test.count, classCount: data.classCount)
        let none = LeftOutPredictions(classCount: data.classCount)
        leftOut = LeftOut(given: none, plain: none, trusted: none)
        plainMargins = PlainMargins(samples: data.given.count)
        transition = NoiseTransition(identityOf: data.classCount)
        weights = [Float](repeating: 0, count: data.given.count)
        member = Member(0, data, configuration)
    }

    var totalEpochs: Int { configuration.memberCount(for: data) * epochsPerMember }
    var memberNumber: Int { max(0, epoch - 1) / epochsPerMember }
    private var isPlain: Bool { arePlain.last! }

    /// One pass over the given samples, in batches; returns the mean loss.
    func runEpoch() throws(SolverError) -> Double {
        let inMember = epoch % epochsPerMember
        if epoch > 0, inMember == 0 { begin(epoch / epochsPerMember) }
        let predicted = configuration.upperVariable == .labels && running.terms.termCount > 0 ? running.mean : nil
        let loss = member.pass(transition, &weights, predicted, pool)
        let given = member.probabilities(of: data.given, pool)
        guard loss.isFinite, given.values.allSatisfy(\.isFinite) else {
            throw .notFinite(quantity: "the loss", iteration: epoch + 1)
        }
        if inMember >= min(2, epochsPerMember - 1) {
            running.add(given)
            if isPlain { plainMargins.add(given, given: data.givenLabels) }
        }
        if inMember < 5 { early.add(given) }
        if inMember >= epochsPerMember / 2 {
            late.add(given)
            lateTrusted.add(member.probabilities(of: data.trusted, pool))
            test.add(member.probabilities(of: data.test, pool))
        }
        if configuration.upperVariable == .transition, !isPlain { learnTransition(given, inMember) }
        epoch += 1
        if epoch % epochsPerMember == 0 {
            let given = late.mean.rows(member.leftOut), trusted = lateTrusted.mean.rows(member.leftOutTrusted)
            leftOut[keyPath: leftOutOfGiven(isPlain)].add(member.leftOut, given, labels: data.givenLabels)
            leftOut.trusted.add(member.leftOutTrusted, trusted, labels: data.trustedLabels)
        }
        return loss
    }

    private func leftOutOfGiven(_ isPlain: Bool) -> WritableKeyPath<LeftOut, LeftOutPredictions> {
        isPlain ? \.plain : \.given
    }

    private func begin(_ number: Int) {
        arePlain.append(number % 2 == 1 && hasEvenErrors)
        member = Member(number, data, configuration, isPlain: isPlain)
        early.reset()
        late.reset()
        lateTrusted.reset()
        if !isPlain { transition = NoiseTransition(identityOf: data.classCount) }
    }

    private var hasEvenErrors: Bool {
        configuration.upperVariable == .transition
            && NoiseFinding(leftOut: leftOut.given, transition: transition).structure == .uniform
    }

    /// A network that has learned little has not learned wrong labels: the first estimate is the confident joint of the
    /// first five epochs, those after it are improved step by step.
    private func learnTransition(_ given: ClassProbabilities, _ inMember: Int) {
        if inMember == 4 {
            transition = NoiseTransition(confidentJointOf: early.mean, given: data.givenLabels)
        } else if inMember > 4 {
            transition = transition.reestimated(given, given: data.givenLabels)
        }
    }
}

// MARK: - Checkpoints

extension CleaningTraining {
    private static var means: [(name: String, path: ReferenceWritableKeyPath<CleaningTraining, RunningMean>)] {
        [
            ("running", \.running.terms), ("early", \.early.terms), ("late", \.late.terms),
            ("lateTrusted", \.lateTrusted.terms), ("test", \.test.terms), ("plainMargins", \.plainMargins.terms),
        ]
    }

    /// All that the next epoch depends on.
    var checkpoint: Checkpoint {
        var result = Checkpoint()
        func add(_ name: String, _ values: [Float]) { result.add(Tensor(values), as: name) }
        for (name, path) in CleaningTraining.means {
            add(name, self[keyPath: path].sum)
            result.notes["\(name).terms"] = String(self[keyPath: path].termCount)
        }
        result.add(Tensor(transition.values), as: "transition")
        add("weights", weights)
        result.notes["members.plain"] = arePlain.map { $0 ? "1" : "0" }.joined()
        for (i, tensor) in member.state.tensors.enumerated() { result.add(tensor, as: "member.\(i)") }
        result.notes["member.drawn"] = String(member.drawnCount)
        add("leftOut", leftOut.given.probabilities.values)
        add("leftOutPlain", leftOut.plain.probabilities.values)
        add("leftOutTrusted", leftOut.trusted.probabilities.values)
        return result
    }

    func restore(_ checkpoint: Checkpoint, epoch: Int, file: String) throws(CheckpointError) {
        func note(_ name: String) throws(CheckpointError) -> String {
            guard let text = checkpoint.notes[name] else {
                throw CheckpointError(expected: "a cleaning run with \(name)", got: "none", file: file)
            }
            return text
        }
        for (name, path) in CleaningTraining.means {
            guard let terms = Int(try note("\(name).terms")) else {
                throw CheckpointError(expected: "\(name).terms as a number", got: "text", file: file)
            }
            let sum = try checkpoint.restored(Tensor(self[keyPath: path].sum), from: name, file: file)
            self[keyPath: path] = RunningMean(sum: sum.scalars(), termCount: terms)
        }
        self.epoch = epoch
        arePlain = try note("members.plain").map { $0 == "1" }
        guard arePlain.count == memberNumber + 1 else {
            throw CheckpointError(expected: "\(memberNumber + 1) members", got: "\(arePlain.count)", file: file)
        }
        member = Member(memberNumber, data, configuration, isPlain: isPlain)
        transition = NoiseTransition(
            classCount: data.classCount,
            values: try checkpoint.restored(Tensor(transition.values), from: "transition", file: file).scalars())
        weights = try checkpoint.restored(Tensor(weights), from: "weights", file: file).scalars()
        var tensors: [Tensor] = []
        for (i, tensor) in member.state.tensors.enumerated() {
            tensors.append(try checkpoint.restored(tensor, from: "member.\(i)", file: file))
        }
        member.state.assign(tensors)
        guard let drawn = UInt64(try note("member.drawn")) else {
            throw CheckpointError(expected: "a cleaning run", got: "other notes", file: file)
        }
        member.drawnCount = drawn
        func restoreLeftOut(
            _ target: WritableKeyPath<LeftOut, LeftOutPredictions>, _ name: String, _ parts: [[Int]],
            _ labels: [Int32]
        ) throws(CheckpointError) {
            let count = parts.reduce(0) { $0 + $1.count } * data.classCount
            let template = Tensor([Float](repeating: 0, count: count))
            let kept: [Float] = try checkpoint.restored(template, from: name, file: file).scalars()
            var values = kept[...]
            for part in parts {
                let size = part.count * data.classCount
                leftOut[keyPath: target].add(part, values.prefix(size), labels: labels)
                values.removeFirst(size)
            }
        }
        let complete = (0..<(epoch / epochsPerMember)).map { Member.leftOut($0, data, seed: configuration.seed) }
        func given(_ wished: Bool) -> [[Int]] { zip(complete, arePlain).filter { $1 == wished }.map(\.0.given) }
        try restoreLeftOut(\.given, "leftOut", given(false), data.givenLabels)
        try restoreLeftOut(\.plain, "leftOutPlain", given(true), data.givenLabels)
        try restoreLeftOut(\.trusted, "leftOutTrusted", complete.map(\.trusted), data.trustedLabels)
    }
}
