import Randomness
import Tensors
import Testing

@testable import NeuralLayers

@Suite struct ConvolutionNetworkTests {
    /// Published counts: 111,936 in the four blocks of the Omniglot network; 28,896 in those of ConvNet-4, which with a
    /// linear head of 800 x 5 + 5 make MAML's 32,901.
    @Test func parameterCountsArePublishedOnes() {
        var random = RandomGenerator(seed: 1)
        #expect(ConvolutionNetwork.omniglot(using: &random).elementCount == 111_936)
        #expect(ConvolutionNetwork.stridedOmniglot(using: &random).elementCount == 111_936)
        let convNet = ConvolutionNetwork.convNet(using: &random)
        #expect(convNet.elementCount + Linear(inputs: 800, outputs: 5, using: &random).elementCount == 32_901)
        // Per block 9 i o + 18 o² + i o and 8 o of the four normalizations.
        let widths = [3, 64, 128, 256, 512],
            expected = zip(widths, widths.dropFirst()).reduce(0) { $0 + 10 * $1.0 * $1.1 + 18 * $1.1 * $1.1 + 8 * $1.1 }
        #expect(ResNet12(using: &random).elementCount == expected)
    }

    @Test func shapesAreThoseOfThePapers() {
        var random = RandomGenerator(seed: 1)
        let grey = Tensor.placeholder("images", shape: [6, 28, 28, 1]),
            colour = Tensor.placeholder("images", shape: [2, 84, 84, 3])
        #expect(ConvolutionNetwork.omniglot(using: &random)(grey).shape == [6, 64])
        #expect(ConvolutionNetwork.stridedOmniglot(using: &random)(grey).shape == [6, 64])
        #expect(ConvolutionNetwork.convNet(using: &random)(colour).shape == [2, 800])
        #expect(ResNet12(using: &random)(colour).shape == [2, 512])
    }

    @Test func normalizationsHaveMeanShiftAndVarianceScale() {
        var random = RandomGenerator(seed: 2)
        let x = random.normal([4, 3, 5, 2], elementType: .float64) * 3 + 1
        let batch = BatchNormalization(channels: 2, elementType: .float64)(x)
        for value in batch.mean(axes: [0, 1, 2]).scalars { #expect(abs(value) < 1e-12) }
        // 1 but for epsilon.
        for value in batch.squared().mean(axes: [0, 1, 2]).scalars { #expect(abs(value - 1) < 1e-4) }
        let layer = LayerNormalization(features: 2, elementType: .float64)(x)
        for value in layer.mean(axes: [3]).scalars { #expect(abs(value) < 1e-12) }
    }

    /// What a batch leaves behind normalizes it again to the same values, and any other image whatever its company.
    @Test func givenStatisticsMakeEachImageStandAlone() {
        var random = RandomGenerator(seed: 5)
        let images = random.normal([6, 20, 20, 3], elementType: .float64),
            batch = random.normal([5, 20, 20, 3], elementType: .float64)
        func check(_ network: (Tensor, inout NormalizationSource) -> Tensor, layers: Int) {
            var own = NormalizationSource()
            let features = network(images, &own)
            #expect(own.statistics.count == layers && own.remaining == 0)
            func given(_ images: Tensor) -> [Double] {
                var source = NormalizationSource(own.statistics)
                let result = network(images, &source).scalars
                #expect(source.remaining == 0)
                return result
            }
            #expect(given(images) == features.scalars)
            let together = given(batch), alone = given(batch.sliced(2..<3)), width = alone.count
            for (a, b) in zip(together[(2 * width)..<(3 * width)], alone) { #expect(abs(a - b) < 1e-12) }
            var others = NormalizationSource()
            #expect(network(batch, &others).scalars != together)
        }
        let network = ConvolutionNetwork.convNet(hidden: 4, using: &random, elementType: .float64),
            residual = ResNet12(channels: [2, 3, 3, 4], using: &random, elementType: .float64)
        check({ network($0, &$1) }, layers: 4)
        check({ residual($0, &$1) }, layers: 16)
    }

    /// Second order through convolution, pooling and batch statistics together.
    @Test(arguments: ConvolutionBlock.Order.allCases) func blocksPassSecondOrderChecks(_ order: ConvolutionBlock.Order)
    {
        var random = RandomGenerator(seed: 3)
        let block = ConvolutionBlock(
            inputs: 2, outputs: 3, order: order, activation: .softplus, using: &random, elementType: .float64)
        let images = random.normal([3, 5, 4, 2], elementType: .float64)
        let check = checkGradients(at: block.tensors + [images]) { block.with(Array($0.dropLast()))($0.last!) }
        #expect(check.first < 1e-7 && check.second < 1e-6 && check.forward < 1e-10)
        let plain = checkGradients(at: [images] + BatchNormalization(channels: 2, elementType: .float64).tensors) { p in
            var layer = BatchNormalization(channels: 2, elementType: .float64)
            layer.scale = p[1]
            layer.shift = p[2]
            return layer(p[0]).squared() * p[0]
        }
        #expect(plain.first < 1e-7 && plain.second < 1e-6)
    }

    /// Mirror counts the tensors that visitTensors may have forgotten.
    @Test func everyTensorIsVisited() {
        func count(_ value: Any) -> Int {
            if value is Tensor { return 1 }
            return Mirror(reflecting: value).children.reduce(0) { $0 + count($1.value) }
        }
        var random = RandomGenerator(seed: 4)
        let network = ConvolutionNetwork.omniglot(using: &random), residual = ResNet12(using: &random),
            layer = LayerNormalization(features: 3)
        #expect(
            network.tensors.count == count(network) && residual.tensors.count == count(residual)
                && layer.tensors.count == count(layer))
        #expect(Set(residual.paths).count == residual.paths.count)
    }
}
