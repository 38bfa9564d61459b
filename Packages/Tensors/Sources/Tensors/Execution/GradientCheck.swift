/// How far derivatives lie from finite differences: the largest relative error over all coordinates.
public struct GradientCheck: Sendable {
    /// Of the reverse-mode derivative against central differences of the value.
    public var first = 0.0
    /// Of the derivative of the derivative against central differences of the derivative.
    public var second = 0.0
    /// Of forward mode against reverse mode.
    public var forward = 0.0
}

/// Checks the derivatives of `function` at `point` to second order, in float64.
///
/// An output that is not a scalar is weighted by fixed, irregular numbers first, so that every element counts. The
/// point must keep clear of kinks by more than `step`, relative to the coordinates' magnitude.
/// - Parameter point: float64 leaves.
/// - Returns: errors |a - b| / max(1, |a|, |b|); with step h they are of order h² + 1e-16/h times the third derivative.
public func checkGradients(
    at point: [Tensor], step: Double = 1e-5, file: StaticString = #fileID, line: UInt = #line,
    of function: ([Tensor]) -> Tensor
) -> GradientCheck {
    require(
        point.allSatisfy { $0.elementType == .float64 },
        "checkGradients: needs float64 leaves, not \(point.map(\.elementType))", file: file, line: line)
    let inputs = point.map { $0.placeholder() }
    let output = function(inputs)
    let value = output.dot(irregular(output.shape, phase: 0))
    let slope = gradient(of: value, withRespectTo: inputs)
    let directions = point.enumerated().map { irregular($1.shape, phase: Double($0) + 1) }
    let along = zip(slope, directions).map { $0.dot($1) }.reduce(Tensor(0, elementType: .float64), +)
    let curvature = gradient(of: along, withRespectTo: inputs)
    let tangent = pushforward(of: [value], tangents: directions, withRespectTo: inputs)[0]

    var check = GradientCheck()
    compareWithDifferences(of: value, slope, inputs, at: point, step, &check.first)
    compareWithDifferences(of: along, curvature, inputs, at: point, step, &check.second)
    let both = Program(inputs: inputs, outputs: [along, tangent])(point).map(\.scalar)
    check.forward = relativeError(both[0], both[1])
    return check
}

private func compareWithDifferences(
    of value: Tensor, _ slope: [Tensor], _ inputs: [Tensor], at point: [Tensor], _ step: Double, _ worst: inout Double
) {
    let program = Program(inputs: inputs, outputs: [value])
    let derivatives = Program(inputs: inputs, outputs: slope)(point).map { $0.scalars }
    for (i, leaf) in point.enumerated() {
        for j in 0..<leaf.count {
            func shifted(_ sign: Double) -> (value: Double, coordinate: Double) {
                var scalars = leaf.scalars
                scalars[j] += sign * step * Swift.max(1, abs(scalars[j]))
                var moved = point
                moved[i] = Tensor(scalars, shape: leaf.shape)
                return (program(moved)[0].scalar, scalars[j])
            }
            let up = shifted(1), down = shifted(-1)
            let difference = (up.value - down.value) / (up.coordinate - down.coordinate)
            let error = relativeError(derivatives[i][j], difference)
            if !(error <= worst) { worst = error }
        }
    }
}

private func relativeError(_ a: Double, _ b: Double) -> Double {
    let error = abs(a - b) / max(1, abs(a), abs(b))
    return error.isNaN ? .infinity : error
}

/// Fixed numbers in [-1, 1] without pattern: the fractional parts of multiples of the golden ratio.
private func irregular(_ shape: Shape, phase: Double) -> Tensor {
    Tensor(
        (0..<shape.count).map { i in
            let t = (Double(i) + 1) * 0.6180339887498949 + phase * 0.7548776662466927
            return 2 * (t - t.rounded(.down)) - 1
        }, shape: shape)
}
