import NeuralLayers
import Randomness
import Tensors
import Testing

@Suite struct PerceptronTests {
    @Test func visitTensorsForgetsNoLeaf() {
        var random = RandomGenerator(seed: 1)
        let network = Perceptron(widths: [7, 5, 3], activation: .relu, using: &random)
        func leaves(_ value: Any) -> Int {
            value is Tensor ? 1 : Mirror(reflecting: value).children.reduce(0) { $0 + leaves($1.value) }
        }
        #expect(network.tensors.count == leaves(network))
        #expect(network.paths == ["0.weight", "0.bias", "1.weight", "1.bias"])
        #expect(network.elementCount == 7 * 5 + 5 + 5 * 3 + 3)
    }

    @Test func aPerceptronComputesItsFormula() {
        let w1 = Tensor([1, -2, 3, 4] as [Float], shape: [2, 2]), b1 = Tensor([0.5, -10] as [Float])
        let w2 = Tensor([2, 1] as [Float], shape: [1, 2]), b2 = Tensor([1] as [Float])
        let x = Tensor([1, 1, 2, -1] as [Float], shape: [2, 2])
        let network = Perceptron(
            layers: [Linear(weight: w1, bias: b1), Linear(weight: w2, bias: b2)], activation: .relu)
        // Rows: (1·1 - 2·1 + 0.5, 3 + 4 - 10) = (-0.5, -3) → 0, 0 → 1; (2 + 2 + 0.5, 6 - 4 - 10) = (4.5, -8) → 4.5, 0 →
        // 10.
        #expect(network(x).scalars(as: Float.self) == [1, 10])
    }

    @Test func torchDefaultInitializationFillsItsInterval() {
        var random = RandomGenerator(seed: 3)
        let layer = Linear(inputs: 100, outputs: 400, using: &random)
        let weights = layer.weight.scalars
        #expect(weights.allSatisfy { abs($0) <= 0.1 })
        // The variance of a uniform variable in ±b is b²/3; 40,000 draws put the estimate within 3% (five deviations).
        let variance = weights.reduce(0) { $0 + $1 * $1 } / Double(weights.count)
        #expect(abs(variance / (0.01 / 3) - 1) < 0.03)
        #expect(layer.bias.scalars.allSatisfy { abs($0) <= 0.1 } && layer.bias.scalars.contains { $0 != 0 })
    }

    @Test func normalInitializersHaveTheirVariance() {
        var random = RandomGenerator(seed: 4)
        let kaiming = Linear(inputs: 200, outputs: 300, initializer: .kaimingNormal, using: &random)
        let xavier = Linear(inputs: 200, outputs: 300, initializer: .xavierNormal, using: &random)
        func variance(_ t: Tensor) -> Double { t.scalars.reduce(0) { $0 + $1 * $1 } / Double(t.count) }
        #expect(abs(variance(kaiming.weight) / 0.01 - 1) < 0.03)
        #expect(abs(variance(xavier.weight) / (2.0 / 500) - 1) < 0.03)
        #expect(kaiming.bias.scalars == [Double](repeating: 0, count: 300))
    }

    @Test func accuracyCountsTheRowsWhoseLargestLogitIsAtTheLabel() {
        let logits = Tensor([1, 3, 2, 5, 4, 0] as [Float], shape: [2, 3])
        #expect(logits.accuracy(labels: Tensor([1, 2] as [Int32])) == 0.5)
    }

    @Test func crossEntropyGradientIsSoftmaxMinusOneHot() {
        let logits = Tensor([0.2, -0.4, 1.1] as [Double], shape: [1, 3])
        let input = logits.placeholder()
        let slope = gradient(of: input.meanCrossEntropy(labels: Tensor([2] as [Int32])), withRespectTo: [input])
        let expected = zip(logits.softmax().scalars, [0, 0, 1]).map { $0 - $1 }
        let got = Program(inputs: [input], outputs: slope)([logits])[0].scalars
        for (a, b) in zip(got, expected) { #expect(abs(a - b) < 1e-15) }
    }
}
