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
        try hypergradient.estimator.check(loop, onto: lowerConstraint)
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
}
