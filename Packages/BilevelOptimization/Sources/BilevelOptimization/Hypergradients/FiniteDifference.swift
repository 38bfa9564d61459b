import Tensors

/// dF/dx of the last step y_K = Proj(y - α ∇_y f(x, y)), y = y_{K-1}, without second derivatives (DARTS, Liu et al.
/// 2019, eq. 8): ∇_x F - α (∇_x f(x, y + ε v) - ∇_x f(x, y - ε v))/(2ε), v = ∇_y F on the coordinates that the
/// projection leaves free, ε = radius/‖v‖.
final class FiniteDifference {
    /// (x, y, ∇_y F) to v.
    private let direction: Workspace
    /// (x, y) to ∇_x f.
    private let upperSlope: Workspace
    private let rate: Double, radius: Double
    private let lowerCount: Int
    private let v: PackedTensors, shifted: PackedTensors, slope: PackedTensors

    init<Upper: TensorTree, Lower: TensorTree>(
        _ problem: BilevelProblem<Upper, Lower>, rate: Double, radius: Double, upper: Upper, lower: Lower,
        levels: CompiledLevels<Upper, Lower>
    ) {
        self.rate = rate
        self.radius = radius
        let x = upper.placeholders("x"), y = lower.placeholders("y"), given = y.tensors.map { $0.placeholder("v") }
        lowerCount = y.tensors.count
        let value = problem.lowerObjective(x, y)
        let reached = zip(y.tensors, gradient(of: value, withRespectTo: y.tensors)).map { $0 - $1 * rate }
        let through = pullback(
            of: problem.stepConstraint.projection(reached), cotangents: given, withRespectTo: reached)
        direction = Workspace(Program(inputs: x.tensors + y.tensors + given, outputs: through))
        upperSlope = Workspace(
            Program(inputs: x.tensors + y.tensors, outputs: gradient(of: value, withRespectTo: x.tensors)))
        v = PackedTensors(PackedTensors.Layout(of: y.tensors))
        shifted = PackedTensors(v.layout)
        slope = PackedTensors(levels.upperLayout)
    }

    /// - Parameters:
    ///   - y: y_{K-1}.
    ///   - upperGradient: ∇_x F on entry, dF/dx on return.
    ///   - lowerSlope: ∇_y F at y_K.
    func callAsFunction(
        _ x: PackedTensors, at y: PackedTensors, upperGradient: PackedTensors, lowerSlope: PackedTensors,
        pool: ThreadPool?
    ) {
        direction.bind(inputs: 0, to: x)
        direction.bind(inputs: x.count, to: y, count: lowerCount)
        direction.bind(inputs: x.count + lowerCount, to: lowerSlope, count: lowerCount)
        direction.bind(outputs: 0, to: v)
        direction.run(on: pool)
        let norm = v.squaredNorm().squareRoot()
        guard norm > 0 else { return }
        let step = radius / norm
        for sign in [1.0, -1.0] {
            shifted.clear()
            shifted.add(1, y, lowerCount)
            shifted.add(sign * step, v)
            upperSlope.bind(inputs: 0, to: x)
            upperSlope.bind(inputs: x.count, to: shifted)
            upperSlope.bind(outputs: 0, to: slope)
            upperSlope.run(on: pool)
            upperGradient.add(-sign * rate / (2 * step), slope)
        }
    }
}
