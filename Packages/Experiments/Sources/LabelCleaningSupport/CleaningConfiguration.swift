import BilevelOptimization
import Foundation
import RunSupport

/// Every setting of a cleaning run, with the defaults that measured best (Packages/Experiments/README.md, "Label
/// cleaning").
package struct CleaningConfiguration: ExperimentConfiguration {
    package static let standard = CleaningConfiguration()

    package enum Network: String, NamedSetting {
        /// Softmax regression.
        case linear
        /// One hidden layer with ReLU and dropout.
        case mlp
        /// Convolution blocks before it (``CleaningNetwork``): for pixels of pictures.
        case convolution
    }

    /// What moves the networks.
    package enum Optimizer: String, NamedSetting {
        /// Kingma and Ba 2015.
        case adam
        /// Gradient descent with momentum (Polyak 1964), on batches.
        case sgd

        var standardRate: Double { self == .adam ? 0.003 : 0.1 }
    }

    /// What networks see of pictures; features are taken as they are.
    package enum Input: String, NamedSetting {
        case pixels
        /// ``OrientedGradients``.
        case gradients
    }

    package var input = Input.gradients
    package var network = Network.mlp
    package var hidden = 300
    package var upperVariable = UpperVariable.transition
    package var hypergradient = UpperDirection.oneStep
    /// h of `last-steps`; nil: 5.
    package var lastSteps: Int?
    /// Nil: two for 10,000 given samples and more, up to four for fewer, whose networks say less each.
    package var members: Int?
    /// Passes over the data of each member.
    package var epochs = 20
    package var optimizer = Optimizer.adam
    /// Nil: ``Optimizer/standardRate``.
    package var rate: Double?
    /// Of gradient descent; nil: 0.9.
    package var momentum: Double?
    package var weightDecay = 1e-4
    /// Nil: ``UpperVariable/standardRate``.
    package var upperRate: Double?
    package var dropout = 0.5
    /// Of the trusted samples' loss beside that of the given ones; nil: √r, or 8 r² where that is more, at most 8, with
    /// r = trusted / given.
    package var trustedWeight: Double?
    package var seed: UInt64 = 0
    package var threads = 1

    package init() {}

    /// Samples of a batch: a twentieth of them, from 16 to 500.
    package static func batchSize(of count: Int) -> Int { min(count, max(16, min(500, count / 20))) }

    /// What moves the networks.
    package var rule: UpdateRule {
        let rate = rate ?? optimizer.standardRate
        return optimizer == .adam ? .adam(rate: rate) : .momentum(rate: rate, coefficient: momentum ?? 0.9)
    }

    func trustedWeight(of data: CleaningData) -> Double {
        let ratio = Double(data.trusted.count) / Double(max(1, data.given.count))
        return trustedWeight ?? min(8, max(ratio.squareRoot(), 8 * ratio * ratio))
    }

    func memberCount(for data: CleaningData) -> Int {
        members ?? min(4, max(2, 20_000 / max(1, data.given.count)))
    }
}
