import NeuralLayers
import Randomness
import Tensors

/// What is trained: a perceptron; of pictures perhaps behind convolution blocks, which normalize by the batch.
package struct CleaningNetwork: TensorTree {
    /// Pictures as planes.
    package struct Picture: Sendable, Hashable {
        package let channels: Int, height: Int, width: Int

        package init(channels: Int, height: Int, width: Int) {
            (self.channels, self.height, self.width) = (channels, height, width)
        }
    }

    /// No blocks: inputs are taken as they are.
    private var convolution: ConvolutionNetwork
    private var perceptron: Perceptron
    private let picture: Picture?

    package init(_ perceptron: Perceptron) {
        (convolution, self.perceptron, picture) = (ConvolutionNetwork(blocks: []), perceptron, nil)
    }

    /// Blocks of 32 channels (convolution, pooling, normalization, ReLU), each of which halves the picture, one at
    /// least, until a side is below 8; the perceptron behind them.
    /// - Parameter widths: of the perceptron's hidden layers, and the number of classes.
    package init(for picture: Picture, widths: [Int], using random: inout RandomGenerator) {
        let channels = 32
        var (height, width, depth) = (picture.height, picture.width, 0)
        while min(height, width) >= (depth == 0 ? 2 : 8) { (height, width, depth) = (height / 2, width / 2, depth + 1) }
        convolution = .convNet(inputs: picture.channels, hidden: channels, depth: depth, using: &random)
        perceptron = Perceptron(
            widths: [height * width * (depth == 0 ? picture.channels : channels)] + widths, activation: .relu,
            using: &random)
        self.picture = picture
    }

    /// As configured, for what it sees of the data.
    init(_ configuration: CleaningConfiguration, _ data: CleaningData, using random: inout RandomGenerator) {
        let hidden = configuration.network == .linear ? [] : [configuration.hidden]
        if configuration.network == .convolution, let picture = data.picture {
            self.init(for: picture, widths: hidden + [data.classCount], using: &random)
        } else {
            self.init(
                Perceptron(
                    widths: [data.valuesPerInput] + hidden + [data.classCount], activation: .relu, using: &random))
        }
    }

    /// How many numbers a sample has.
    var inputs: Int {
        picture.map { $0.channels * $0.height * $0.width } ?? perceptron.layers[0].weight.shape[1]
    }
    var hiddenWidths: [Int] { perceptron.layers.dropLast().map(\.bias.count) }
    var classes: Int { perceptron.layers.last!.bias.count }
    /// Of each normalization.
    var channels: [Int] { convolution.blocks.map(\.normalization.scale.count) }

    /// - Parameters:
    ///   - input: [batch, inputs].
    ///   - dropout: what each hidden layer's outputs are multiplied by, [batch, width] each; empty: nothing.
    ///   - source: whose statistics blocks normalize by.
    /// - Returns: logits, [batch, classes].
    func callAsFunction(_ input: Tensor, dropout: [Tensor], _ source: inout NormalizationSource) -> Tensor {
        var value = input
        if let picture {
            let planes = input.reshaped(to: [input.shape[0], picture.channels, picture.height, picture.width])
            value = convolution(planes.permuted([0, 2, 3, 1]), &source)
        }
        for (i, layer) in perceptron.layers.enumerated() {
            if i > 0 { value = perceptron.activation(value) }
            value = layer(i > 0 && !dropout.isEmpty ? value * dropout[i - 1] : value)
        }
        return value
    }

    /// By the batch's own statistics.
    package func callAsFunction(_ input: Tensor) -> Tensor {
        var own = NormalizationSource()
        return self(input, dropout: [], &own)
    }

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try convolution.visitTensors(under: "convolution", visit)
        try perceptron.visitTensors(under: "perceptron", visit)
    }
}

/// A network, and by what its normalizations go where a sample shall not depend on its company: means over batches,
/// later ones with more weight.
package struct TrainedNetwork: TensorTree {
    package var network: CleaningNetwork
    package var statistics: [ChannelStatistics]

    /// Before the first batch: means 0 and variances 1.
    package init(_ network: CleaningNetwork) {
        self.network = network
        statistics = network.channels.map { count in
            ChannelStatistics(mean: Tensor.zeros([count]).evaluated(), variance: Tensor.ones([count]).evaluated())
        }
    }

    /// - Parameter input: [batch, inputs]. Result: logits, [batch, classes].
    package func callAsFunction(_ input: Tensor) -> Tensor {
        var source = NormalizationSource(statistics)
        return network(input, dropout: [], &source)
    }

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try network.visitTensors(under: "network", visit)
        try statistics.visitTensors(under: "statistics", visit)
    }
}
