import Tensors

extension BilevelProblem {
    /// Whether both sets are sets, both variables start in them, and have something to learn from.
    func check(startingFrom upper: Upper, _ lower: Lower) throws(SolverError) {
        for (name, start, set) in [("x", upper.tensors, upperConstraint), ("y", lower.tensors, lowerConstraint)] {
            try set.check(for: start, named: name)
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
        if !reads(below, y.tensors) { throw .nothingToLearn(.lowerIgnoresY) }
        if !reads(above, x.tensors), !reads(below, x.tensors) { throw .nothingToLearn(.bothIgnoreX) }
        if !reads(above, x.tensors), !reads(above, y.tensors) { throw .nothingToLearn(.upperIgnoresBoth) }
    }
}
