import Reporting
import RunSupport

/// The settings of the numerical examples, one a line: option, help, JSON. All of them decide the bits: several runs
/// stand in one table, each with all of its iterations.
package enum NumericalSettings {
    package typealias One = Setting<NumericalConfiguration>
    /// The first coordinate's bound: memory for 20 methods of more would not be there.
    private static let dimensions = SettingRule<Int>("a whole number from 1 to 100000000") { 1...100_000_000 ~= $0 }

    package static let problem = One("problem", \.problem, help: "nonconvex (eq. 10), convex (eq. 13) or quadratic.")
    package static let dimension = One(
        "dimension", \.dimension, dimensions, default: "1 for nonconvex, 50 for convex, 2 for quadratic",
        help: "Coordinates of x.")
    package static let innerIterations = One(
        "innerIterations", \.settings.innerIterations, .count, help: "Lower steps K.")
    package static let outerIterations = One(
        "outerIterations", \.outerIterations, .count, help: "Upper iterations T.")
    package static let lowerRate = One(
        "lowerRate", \.lowerRate, .positive, default: "5e-4 for nonconvex, 0.05 for convex, 0.3 for quadratic",
        help: "Step size of y.")
    package static let upperRate = One(
        "upperRate", \.settings.upperRate, .positive, default: "0.1 for nonconvex, 1e-3 for convex, 0.3 for quadratic",
        help: "Step size of x.")
    package static let initializationRate = One(
        "initializationRate", \.settings.initializationRate, .positive, default: "as --upper-rate's",
        help: "Step size of the initialization auxiliary z.")
    package static let dynamics = One(
        "dynamics", \.dynamics, default: "the method's own", help: "Lower dynamics in place of the method's own.")
    package static let initialization = One(
        "initialization", \.initialization,
        help: "Where y starts in methods that do not learn it: warm (the last y_K) or fixed.")
    package static let truncationLength = One(
        "truncationLength", \.settings.truncationLength, .count, help: "Steps that t-rhg differentiates.")
    package static let adjointIterations = One(
        "adjointIterations", \.settings.adjointIterations, .count,
        help: "Conjugate gradient, GMRES or fixed-point iterations, or Neumann terms.")
    package static let precision = One("precision", \.precision, help: "Of all numbers.")
    package static let seed = One("seed", \.seed, help: "Recorded; these problems draw nothing at random.")

    /// Those whose options take several values or none are declared by the command.
    static let all = [
        One(recorded: "experiment", decidesBits: false) { _ in "numerical-example" },
        problem,
        One(recorded: "methods") { .array($0.methods.map(\.json)) },
        One(recorded: "starts") { .array($0.starts.map { [.number($0.x), .number($0.y)] }) },
        dimension, outerIterations, innerIterations, lowerRate, upperRate, initializationRate,
        One(recorded: "aggregationRate") { .number($0.settings.aggregationRate) },
        One(recorded: "aggregationMix") { .number($0.settings.aggregationMix) },
        truncationLength, adjointIterations,
        One(recorded: "acceptFailedAdjoint", missing: false) { .boolean($0.settings.acceptsFailedAdjoint) },
        One(recorded: "penalty") { .number($0.settings.penalty) },
        initialization, dynamics,
        One(recorded: "isProjected") { .boolean($0.isProjected) },
        precision, seed,
        One(recorded: "referenceQuirks") { .array($0.quirks.map(\.json)) },
        One(recorded: "codeVersion", decidesBits: false) { _ in .string(codeVersion) },
        One(recorded: "protocol", decidesBits: false) { _ in
            .string(
                "relative error of x: ‖x - x*‖/‖x*‖ after the update; of F: |F(x, y_K) - F*|/|F*| (|F| where F* = 0); "
                    + "upper rule: gradient descent")
        },
    ]
}
