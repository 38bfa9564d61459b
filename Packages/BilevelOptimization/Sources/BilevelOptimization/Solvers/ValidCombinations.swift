import Tensors

/// Which parts of a method go together. Every complaint says what was expected, what came, and the nearest valid
/// choice.
extension Method {
    func check(for lowerConstraint: Constraint, upperRule: UpdateRule) throws(SolverError) {
        try checkAtLeastOne("inner iterations", innerIterations)
        try dynamics.base.check()
        try upperRule.base.check(as: "upper")
        if let rule = initialization.rule { try rule.base.check(as: "initialization") }
        try checkTruncation()
        try checkVelocities()
        try checkHypergradient()
        try checkSystem(lowerConstraint)
    }

    private func checkTruncation() throws(SolverError) {
        let K = innerIterations
        switch truncation {
        case .last(let h) where h < 1 || h > K:
            throw .outOfRange(
                name: "truncation length", expected: "1 … \(K) (the inner iterations)", got: "\(h)",
                nearest: "\(min(max(h, 1), K))")
        case .at(let k) where k < 1 || k > K:
            throw .outOfRange(
                name: "truncation", expected: "a step 1 … \(K)", got: "\(k)", nearest: "\(min(max(k, 1), K))")
        case .last where initialization.isLearned:
            throw .incompatible(
                .truncation, expected: "with a learned initialization a derivative back to the first step",
                got: "one that drops the first steps",
                nearest: "truncation none (IA-GM), or a fixed initialization (T-RHG)")
        default: break
        }
    }

    private func checkVelocities() throws(SolverError) {
        guard startsFromVelocityOfInitialization else { return }
        guard let rule = initialization.rule, rule.base.hasVelocity, dynamics.hasVelocity else {
            throw .incompatible(
                .dynamics, expected: "for lower velocities that start as z's momentum or Nesterov's momentum for both",
                got: "\(dynamics) and \(initialization)", nearest: "velocities that start as zeros")
        }
    }

    private func checkHypergradient() throws(SolverError) {
        let isLocal: Bool  // looks at the trajectory's end only
        if case .finiteDifference = hypergradient { isLocal = true } else { isLocal = hypergradient.isImplicit }
        if hypergradient == .displacement, !initialization.isLearned {
            throw .incompatible(
                .initialization, expected: "a learned one, which the displacement z - y_K moves",
                got: "\(initialization)", nearest: "a learned initialization")
        }
        if isLocal, initialization.isLearned {
            throw .incompatible(
                .initialization,
                expected: "with a hypergradient at the trajectory's end, which gives no dF/dy_0, a given one",
                got: "\(initialization)", nearest: "a warm start, or reverse mode (IA-GM)")
        }
        if isLocal || hypergradient == .displacement, truncation != .none {
            throw .incompatible(
                .truncation, expected: "none with a hypergradient that looks at y_K only",
                got: "a shortened unrolled derivative", nearest: "truncation none")
        }
        switch hypergradient {
        case .conjugateGradient(let iterations, _), .fixedPoint(let iterations, _), .gmres(let iterations, _):
            try checkAtLeastOne("adjoint iterations", iterations)
        case .neumann(let terms, let rate):
            try checkAtLeastOne("adjoint iterations", terms)
            try checkPositive([("Neumann rate", rate)])
        case .finiteDifference(let radius):
            try checkPositive([("difference radius", radius)])
        default: break
        }
    }

    /// Whether the dynamics and the lower set are what the hypergradient assumes of them.
    private func checkSystem(_ lowerConstraint: Constraint) throws(SolverError) {
        switch hypergradient {
        case .finiteDifference where !dynamics.isGradientDescent:
            throw .incompatible(
                .dynamics, expected: "plain gradient descent with the finite-difference hypergradient",
                got: "\(dynamics)", nearest: "one step in reverse mode (truncation to the last step)")
        case .conjugateGradient, .neumann:
            if !dynamics.restsWhereGradientVanishes {
                throw .incompatible(
                    .dynamics,
                    expected: "with conjugate gradient and Neumann series dynamics that rest where ∇_y f = 0",
                    got: "\(dynamics)", nearest: "reverse mode")
            }
            if !lowerConstraint.isCoordinatewise {
                throw .incompatible(
                    .lowerConstraint,
                    expected: "with conjugate gradient and Neumann series a set projected coordinate by coordinate",
                    got: "\(lowerConstraint)", nearest: "GMRES on the fixed point")
            }
        case .fixedPoint, .gmres:
            if !dynamics.isAutonomous {
                throw .incompatible(
                    .dynamics,
                    expected: "with a fixed-point hypergradient the same map at every step (descent or momentum)",
                    got: "\(dynamics)",
                    nearest: "conjugate gradient, which only expects ∇_y f = 0 at y_K")
            }
        default: break
        }
    }
}
