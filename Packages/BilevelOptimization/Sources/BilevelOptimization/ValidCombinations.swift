import Tensors

/// Which parts of a method go together. Every complaint says what was expected, what came, and the nearest valid
/// choice.
extension Method {
    func check(for lowerConstraint: Constraint, upperRule: UpdateRule) throws(SolverError) {
        let K = innerIterations
        guard K >= 1 else {
            throw .invalidMethod("inner iterations: at least 1 expected, got \(K); nearest valid choice: 1")
        }
        var rates = dynamics.rates.map { ("lower rate", $0) } + [("upper rate", upperRule.rate)]
        if case .learned(let rule) = initialization { rates.append(("initialization rate", rule.rate)) }
        if case .neumann(_, let rate) = hypergradient { rates.append(("Neumann rate", rate)) }
        try checkPositive(rates)
        switch truncation {
        case .last(let h) where h < 1 || h > K:
            throw .invalidMethod(
                "truncation length: 1 … \(K) (the inner iterations) expected, got \(h); nearest valid choice: \(min(max(h, 1), K))"
            )
        case .at(let k) where k < 1 || k > K:
            throw .invalidMethod(
                "truncation: a step 1 … \(K) expected, got \(k); nearest valid choice: \(min(max(k, 1), K))")
        case .last where initialization.isLearned:
            throw .invalidMethod(
                "a learned initialization needs the derivative back to the first step, which truncation to the last "
                    + "steps drops; nearest valid choice: truncation none (IA-GM), or a fixed initialization (T-RHG)")
        default: break
        }
        if startsFromVelocityOfInitialization {
            guard case .learned(let rule) = initialization, rule.hasVelocity, case .descent(let lowerRule) = dynamics,
                lowerRule.hasVelocity
            else {
                throw .invalidMethod(
                    "lower velocities that start as z's expect momentum or Nesterov's momentum for both, got \(dynamics) and \(initialization); "
                        + "nearest valid choice: velocities that start as zeros")
            }
        }
        try checkHypergradient(lowerConstraint)
    }

    private func checkHypergradient(_ lowerConstraint: Constraint) throws(SolverError) {
        let isLocal: Bool  // looks at the trajectory's end only
        if case .finiteDifference = hypergradient { isLocal = true } else { isLocal = hypergradient.isImplicit }
        if hypergradient == .displacement, !initialization.isLearned {
            throw .invalidMethod(
                "the displacement z - y_K moves a learned initialization, this one is not; nearest valid choice: a learned initialization"
            )
        }
        if isLocal, initialization.isLearned {
            throw .invalidMethod(
                "a learned initialization needs dF/dy_0, which a hypergradient at the trajectory's end does not give; "
                    + "nearest valid choice: a warm start, or reverse mode (IA-GM)")
        }
        if isLocal || hypergradient == .displacement, truncation != .none {
            throw .invalidMethod(
                "truncation shortens an unrolled derivative, this hypergradient looks at y_K only; nearest valid choice: truncation none"
            )
        }
        switch hypergradient {
        case .conjugateGradient(let iterations, _), .fixedPoint(let iterations, _), .gmres(let iterations, _),
            .neumann(let iterations, _):
            if iterations < 1 {
                throw .invalidMethod(
                    "adjoint iterations: at least 1 expected, got \(iterations); nearest valid choice: 1")
            }
        case .finiteDifference(let radius):
            if !(radius > 0) {
                throw .invalidMethod(
                    "difference radius: a positive number expected, got \(radius); nearest valid choice: 0.01")
            }
            guard case .descent(.gradientDescent) = dynamics else {
                throw .invalidMethod(
                    "the finite-difference hypergradient expects plain gradient descent below, got \(dynamics); "
                        + "nearest valid choice: one step in reverse mode (truncation to the last step)")
            }
        default: break
        }
        switch hypergradient {
        case .conjugateGradient, .neumann:
            if case .aggregated = dynamics {
                throw .invalidMethod(
                    "conjugate gradient and Neumann series expect dynamics that rest where ∇_y f = 0, BDA's do not; "
                        + "nearest valid choice: reverse mode")
            }
            if !lowerConstraint.isCoordinatewise {
                throw .invalidMethod(
                    "conjugate gradient and Neumann series expect a lower set that is projected coordinate by coordinate, got \(lowerConstraint); "
                        + "nearest valid choice: GMRES on the fixed point")
            }
        case .fixedPoint, .gmres:
            if !dynamics.isAutonomous {
                throw .invalidMethod(
                    "a fixed-point hypergradient expects lower dynamics that apply the same map at every step "
                        + "(gradient descent or momentum), got \(dynamics); nearest valid choice: conjugate gradient, which only expects ∇_y f = 0 at y_K"
                )
            }
        default: break
        }
    }
}

/// Step sizes and weights, by the names that a complaint is to use.
func checkPositive(_ numbers: [(name: String, value: Double)]) throws(SolverError) {
    for (name, value) in numbers where !(value > 0 && value.isFinite) {
        throw .invalidMethod(
            "\(name): a positive number expected, got \(value); nearest valid choice: a small one such as 0.01")
    }
}

extension BilevelProblem {
    /// Whether both variables start in their sets, and have something to learn from.
    func check(startingFrom upper: Upper, _ lower: Lower) throws(SolverError) {
        for (name, start, set) in [("x", upper.tensors, upperConstraint), ("y", lower.tensors, lowerConstraint)] {
            if let found = set.violation(of: start) {
                throw .startOutside(variable: name, value: found.value, nearest: found.nearest, set: "\(set)")
            }
        }
        // A level whose roles are mixed up, or whose gradient is stopped, would run for hours and learn nothing.
        let x = upper.placeholders("x"), y = lower.placeholders("y"), below = lowerObjective(x, y),
            above = upperObjective(x, y)
        func reads(_ objective: Tensor, _ variable: [Tensor]) -> Bool {
            objective.hasDerivative(withRespectTo: variable)
        }
        if !reads(below, y.tensors) { throw .nothingToLearn("the lower objective does not depend on y") }
        if !reads(above, x.tensors), !reads(below, x.tensors) {
            throw .nothingToLearn("neither objective depends on x")
        }
        if !reads(above, x.tensors), !reads(above, y.tensors) {
            throw .nothingToLearn("the upper objective depends on neither x nor y")
        }
    }
}
