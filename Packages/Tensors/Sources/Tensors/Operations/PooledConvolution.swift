/// A part of a convolution in one pass with the max pooling of 2 x 2 outputs that follows it: forward what is pooled is
/// never in memory, backward the cotangent of it isn't, which would be zeros but for one in four.
struct PooledConvolution: Sendable {
    private enum Way {
        case fewChannels(FewChannelConvolution)
    }

    let convolution: Convolution
    private let way: Way

    /// Nil where the two go apart.
    /// - Parameters:
    ///   - pooling: of the convolution's outputs.
    ///   - elementType: of the images.
    init?(_ convolution: Convolution, pooling: Windows, elementType: ElementType) {
        guard pooling == Windows(kernel: (2, 2), stride: 2, padding: 0), elementType == .float32 else { return nil }
        self.convolution = convolution
        let few = FewChannelConvolution(
            convolution.windows, image: convolution.image, output: convolution.output, elementType: elementType)
        guard let few, convolution.part != .inputGradient else { return nil }
        way = .fewChannels(few)
    }

    /// Which operand is the cotangent of what is pooled, in the parts that go back.
    var cotangentOperand: Int { convolution.part == .weightGradient ? 1 : 0 }

    func accepts(_ view: View, operand index: Int) -> Bool {
        if case .fewChannels = way, index == 0, convolution.part != .inputGradient { return true }
        return view.isContiguous
    }

    /// Elements.
    var scratchCount: Int {
        switch way {
        case .fewChannels(let few): convolution.part == .forward ? few.weightCount : few.sumCount
        }
    }

    /// - Parameters:
    ///   - largest: where the pooled outputs go, `places` where their places go, nil for nowhere.
    func forwardKernel(_ x: View, _ weight: View, largest: View?, places: View?, scratch: View) -> Kernel {
        switch way {
        case .fewChannels(let few):
            few.kernel(x, weight, largest: largest, places: places, transformed: scratch)
        }
    }

    /// - Parameters:
    ///   - other: the operand beside the cotangent: images or weight.
    ///   - cotangent: of the pooled outputs.
    func backwardKernel(_ other: View, cotangent: View, places: View, result: View, scratch: View) -> Kernel {
        switch way {
        case .fewChannels(let few):
            few.weightGradientKernel(other, cotangent: cotangent, places: places, sums: scratch, result: result)
        }
    }
}
