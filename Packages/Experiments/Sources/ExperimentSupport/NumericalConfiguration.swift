import BilevelOptimization
import MethodCatalogue
import Reporting
import Tensors

/// Every setting of the numerical examples, with the protocol's defaults (METHODS: numerical examples).
public struct NumericalConfiguration: Sendable {
    /// What the authors' code does differently from their paper.
    public enum ReferenceQuirk: String, Sendable, CaseIterable {
        /// The pessimistic step is looked up in a history with two entries a step: about half of the trajectory is
        /// differentiated.
        case index
    }

    public var problem: NumericalProblem
    public var methods: [MethodName]
    /// One number for all coordinates of x, one for all of y.
    public var starts: [(x: Double, y: Double)]
    public var dimension: Int
    public var outerIterations = 500
    public var isProjected = true
    public var elementType = ElementType.float64
    public var seed: UInt64 = 0
    public var quirks: [ReferenceQuirk] = []
    public var settings = MethodSettings()

    public init(_ problem: NumericalProblem) {
        self.problem = problem
        methods = [.iapttGM, .iaGM, .rhg, .bda, .conjugateGradient, .neumann]
        switch problem {
        case .nonconvex:
            starts = [(1, 2), (5, 1), (7, -1)]
            dimension = 1
            settings.lowerRate = 5e-4
            settings.upperRate = 0.1
            settings.initializationRate = 0.1
        case .convex:
            methods = [.iaGM, .iaGMAccelerated]
            starts = [(2, 0)]
            dimension = 50
            settings.lowerRate = 0.05
            settings.upperRate = 1e-3
            settings.initializationRate = 1e-3
        case .quadratic:
            starts = [(3, 0)]
            dimension = 2
            settings.lowerRate = 0.3
            settings.upperRate = 0.3
            settings.initializationRate = 0.3
        }
        settings.aggregationRate = settings.lowerRate
        settings.isWarmStarted = true
    }

    /// What the methods are told.
    var methodSettings: MethodSettings {
        var settings = settings
        settings.usesReferenceIndex = quirks.contains(.index)
        return settings
    }

    var json: JSONValue {
        let s = settings
        return [
            "experiment": "numerical-example", "problem": .string(problem.rawValue),
            "methods": .array(methods.map { .string($0.rawValue) }),
            "starts": .array(starts.map { [.number($0.x), .number($0.y)] }), "dimension": .integer(dimension),
            "outerIterations": .integer(outerIterations),
            "innerIterations": .integer(s.innerIterations), "lowerRate": .number(s.lowerRate),
            "upperRate": .number(s.upperRate),
            "initializationRate": .number(s.initializationRate), "aggregationRate": .number(s.aggregationRate),
            "aggregationMix": .number(s.aggregationMix),
            "truncationLength": .integer(s.truncationLength), "adjointIterations": .integer(s.adjointIterations),
            "penalty": .number(s.penalty),
            "initialization": .string(s.isWarmStarted ? "warm" : "fixed"),
            "dynamics": .string(s.dynamics.map { "\($0)" } ?? "the method's own"), "isProjected": .boolean(isProjected),
            "precision": .string(elementType.rawValue), "seed": .integer(Int(truncatingIfNeeded: seed)),
            "referenceQuirks": .array(quirks.map { .string($0.rawValue) }), "codeVersion": .string(codeVersion),
            "protocol":
                "relative error of x: ‖x - x*‖/‖x*‖ after the update; of F: |F(x, y_K) - F*|/|F*| (|F| where F* = 0); upper rule: gradient descent",
        ]
    }
}
