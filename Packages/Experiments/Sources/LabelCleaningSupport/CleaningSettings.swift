import Reporting
import RunSupport

/// The settings of label cleaning, one a line: option, help, JSON, and whether it decides a run's bits.
package enum CleaningSettings {
    package typealias One = Setting<CleaningConfiguration>

    package static let input = One(
        "input", \.input, default: "gradients; pixels for convolution",
        help: "What networks see of pictures: pixels, or histograms of oriented gradients.")
    package static let network = One(
        "network", \.network,
        help: "Softmax regression; one hidden layer with ReLU and dropout; or, of pixels, convolutions "
            + "with batch normalization before it.")
    package static let hidden = One("hidden", \.hidden, .count, help: "Width of the hidden layer.")
    package static let upperVariable = One(
        "upperVariable", \.upperVariable,
        help: "What the upper level chooses: how labels go wrong by class; by one-step hypergradients a weight a "
            + "sample, weights as a function of loss and class, or how far each label is given and how far "
            + "predicted; weights by looking one step ahead; or nothing.")
    package static let hypergradient = One(
        "hypergradient", \.hypergradient,
        help: "How far weights, weight function and labels look back: one step of gradient descent, the last few on "
            + "the batch, or, in the limit, all (SOBA).")
    package static let lastSteps = One(
        "lastSteps", \.lastSteps, .upTo(1000), default: "5", help: "Steps of --hypergradient last-steps.")
    package static let members = One(
        "members", \.members, .upTo(100), default: "2; up to 4 where fewer than 10,000 samples are given",
        help: "Networks, trained one after the other on other parts of the data.")
    package static let epochs = One(
        "epochs", \.epochs, .count, default: "20; 10 of convolution", help: "Passes of each network over the data.")
    package static let optimizer = One(
        "optimizer", \.optimizer, help: "What moves the networks: Adam, or gradient descent with momentum.")
    package static let rate = One(
        "rate", \.rate, .positive, default: "0.003; 0.1 of sgd", help: "Step size of the networks.")
    package static let momentum = One(
        "momentum", \.momentum, .share, default: "0.9", help: "Share of the velocity that sgd keeps.")
    package static let weightDecay = One(
        "weightDecay", \.weightDecay, .notNegative, help: "λ: λ y is added to the networks' gradients.")
    package static let dropout = One("dropout", \.dropout, .share, help: "Share of hidden units left out in a step.")
    package static let upperRate = One(
        "upperRate", \.upperRate, .positive, default: "0.1; of labels 0.03; of a weight function 0.0003 (Adam)",
        help: "Step size of weights, weight function or labels.")
    package static let trustedWeight = One(
        "trustedWeight", \.trustedWeight, .positive, default: "√r or 8 r², at most 8, with r = trusted / given",
        help: "Weight of the trusted samples' loss beside that of the given ones.")
    package static let seed = One("seed", \.seed, help: "Seed of parts, initial weights, batches and dropout.")
    package static let threads = One(
        "threads", \.threads, .threads, default: "one a processor", decidesBits: false,
        help: "Threads; results do not depend on them.")

    static let all = [
        One(recorded: "experiment", decidesBits: false) { _ in "label-cleaning" },
        input, network, hidden, upperVariable, hypergradient, lastSteps, members, epochs, optimizer, rate, momentum,
        weightDecay, dropout,
        upperRate, trustedWeight, seed, threads,
        One(recorded: "codeVersion", decidesBits: false) { _ in .string(codeVersion) },
    ]
}
