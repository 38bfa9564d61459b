import BilevelOptimization
import Foundation
import Tensors

/// Ridge regression: f = 1/n ‖A w - b‖² + eˣ ‖w‖², F = 1/m ‖C w - d‖². A has orthogonal columns of squared length n, so
/// that w_i(x) = (Aᵀb)_i/n / (1 + eˣ) and the best penalty has a closed form.
struct RidgeData: Sendable {
    let design: [[Double]], values: [Double], validation: [[Double]], validationValues: [Double]

    static let standard = RidgeData(
        design: [[1, 1, 1], [1, -1, 1], [1, 1, -1], [1, -1, -1]], values: [2.3, 0.4, 1.2, -0.9],
        validation: [[1, 0.5, 0.2], [0.3, -1, 0.8], [-0.6, 0.7, 1]], validationValues: [0.8, -0.2, 0.5])

    /// (Aᵀb)/n: the weights without penalty.
    private var free: [Double] { (0..<3).map { j in (0..<4).reduce(0) { $0 + design[$1][j] * values[$1] } / 4 } }

    func weights(exponent x: Double) -> [Double] { free.map { $0 / (1 + exp(x)) } }

    /// With u = C free, F(s) = ‖s u - d‖²/m for s = 1/(1 + eˣ) is least at s = uᵀd/uᵀu.
    var bestPenaltyExponent: Double {
        let u = validation.map { row in zip(row, free).reduce(0) { $0 + $1.0 * $1.1 } }
        let s = zip(u, validationValues).reduce(0) { $0 + $1.0 * $1.1 } / u.reduce(0) { $0 + $1 * $1 }
        precondition(s > 0 && s < 1, "the best penalty is not positive")
        return log(1 / s - 1)
    }

    var problem: BilevelProblem<Tensor, Tensor> {
        let A = Tensor(design.flatMap { $0 }, shape: [4, 3]), b = Tensor(values),
            C = Tensor(validation.flatMap { $0 }, shape: [3, 3]), d = Tensor(validationValues)
        @Sendable func squares(_ A: Tensor, _ w: Tensor, _ b: Tensor) -> Tensor {
            (A.product(w.reshaped(to: [3, 1])).reshaped(to: b.shape) - b).squared().mean()
        }
        return BilevelProblem(
            upperObjective: { _, w in squares(C, w, d) },
            lowerObjective: { x, w in squares(A, w, b) + x.exp().sum() * w.squaredNorm() })
    }
}

/// Logistic regression with one weight w: f = mean softplus(-b a w) + eˣ w², F = 30 mean softplus(-d c w).
enum LogisticData {
    private static let a = [1.0, 2, -1, 0.5, -1.5, 0.8], b = [1.0, 1, -1, -1, -1, 1], c = [0.7, -0.9, -1.0, 0.5],
        d = [1.0, 1, -1, -1]

    private static func sigmoid(_ t: Double) -> Double { 1 / (1 + exp(-t)) }

    /// The root of a decreasing-to-increasing derivative by bisection.
    private static func root(_ low: Double, _ high: Double, _ derivative: (Double) -> Double) -> Double {
        var (low, high) = (low, high)
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if derivative(middle) < 0 { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// d/dw of the mean of softplus(-sign · input · w); increases with w.
    private static func derivative(_ inputs: [Double], _ signs: [Double], _ w: Double) -> Double {
        var sum = 0.0
        for (input, sign) in zip(inputs, signs) { sum -= sign * input * sigmoid(-sign * input * w) }
        return sum / Double(inputs.count)
    }

    static func weight(exponent x: Double) -> Double { root(-50, 50) { w in derivative(a, b, w) + 2 * exp(x) * w } }

    /// F is least at one w; x follows from f'(w) = 0: eˣ = -(data derivative)/(2 w).
    static var bestPenaltyExponent: Double {
        let w = root(-50, 50) { derivative(c, d, $0) }, penalty = -derivative(a, b, w) / (2 * w)
        precondition(penalty > 0, "the best penalty is not positive")
        return log(penalty)
    }

    static var problem: BilevelProblem<Tensor, Tensor> {
        @Sendable func loss(_ inputs: [Double], _ signs: [Double], _ w: Tensor) -> Tensor {
            (Tensor(zip(inputs, signs).map { -$0 * $1 }) * w).softplus().mean()
        }
        return BilevelProblem(
            upperObjective: { _, w in loss(c, d, w) * 30 },
            lowerObjective: { x, w in loss(a, b, w) + x.exp().sum() * w.squaredNorm() })
    }
}
