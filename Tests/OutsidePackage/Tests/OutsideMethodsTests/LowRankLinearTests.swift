import OutsideMethods
import Randomness
import Tensors
import Testing

@Suite struct LowRankLinearTests {
    private func layer(_ seed: UInt64) -> LowRankLinear {
        var random = RandomGenerator(seed: seed)
        return LowRankLinear(inputs: 4, rank: 2, outputs: 3, using: &random, elementType: .float64)
    }

    @Test func itsOutputIsTheProductOfBothFactors() {
        var layer = layer(1)
        layer.down = Tensor([1.0, 0, 2, 0, 0, 1, 0, -1] as [Double], shape: [2, 4])
        layer.up = Tensor([1.0, 2, 0, 1, 3, 0] as [Double], shape: [3, 2])
        layer.bias = Tensor([0.5, 0, -1] as [Double])
        // D x = (7, -2), U (7, -2) = (3, -2, 21).
        let output = layer(Tensor([1.0, 2, 3, 4] as [Double], shape: [1, 4]))
        #expect(output.shape == [1, 3] && output.scalars == [3.5, -2, 20])
    }

    /// Differences with step 1e-5 in float64 leave about 1e-10 in the first and 1e-9 in the second derivative.
    @Test func itsGradientEqualsFiniteDifferences() {
        let layer = layer(2), input = Tensor([0.3, -1.2, 0.7, 0.1, 1.5, -0.4, 0.2, 0.9] as [Double], shape: [2, 4])
        let check = checkGradients(at: layer.tensors) { layer.with($0)(input).tanh().sum() }
        #expect(check.first < 1e-8 && check.second < 1e-8 && check.forward < 1e-12)
    }

    @Test func noTensorIsForgotten() {
        let fields = Mirror(reflecting: layer(3)).children.filter { $0.value is Tensor }.compactMap(\.label)
        #expect(fields == layer(3).paths)
    }
}
