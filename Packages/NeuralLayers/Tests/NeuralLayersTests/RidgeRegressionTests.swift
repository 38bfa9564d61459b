import Randomness
import Tensors
import Testing

@testable import NeuralLayers

@Suite struct RidgeRegressionTests {
    /// The gradient of ½ ‖Z W - Y‖² + λ/2 ‖W‖² vanishes at the formula, with more features than samples and with fewer.
    @Test(arguments: [(5, 12), (9, 4), (1, 3)]) func theFormulaIsTheMinimiser(_ n: Int, _ d: Int) {
        var random = RandomGenerator(seed: 1)
        let z = random.normal([n, d], elementType: .float64), y = random.normal([n, 3], elementType: .float64)
        let w = ridgeRegression(features: z, targets: y, regularization: Tensor(0.3, elementType: .float64)).evaluated()
        let slope = z.product(z.product(w) - y, transposingSelf: true) + w * 0.3
        #expect(w.shape == [d, 3])
        for value in slope.scalars { #expect(abs(value) < 1e-12) }
    }

    @Test func aSolutionFulfilsItsSystem() {
        var random = RandomGenerator(seed: 2)
        let root = random.normal([7, 7], elementType: .float64), b = random.normal([7, 2], elementType: .float64)
        let a = root.product(root, transposingOther: true) + Tensor.identity(7, elementType: .float64) * 0.1
        for (found, given) in zip(a.product(a.solvedPositiveDefinite(b)).scalars, b.scalars) {
            #expect(abs(found - given) < 1e-10)
        }
    }

    @Test func itPassesSecondOrderChecks() {
        var random = RandomGenerator(seed: 3)
        let z = random.normal([4, 3], elementType: .float64), y = random.normal([4, 2], elementType: .float64)
        let check = checkGradients(at: [z, y, Tensor(0.5, elementType: .float64)]) {
            ridgeRegression(features: $0[0], targets: $0[1], regularization: $0[2].exp()).squared().sum()
        }
        #expect(check.first < 1e-7 && check.second < 1e-6 && check.forward < 1e-10)
    }
}
