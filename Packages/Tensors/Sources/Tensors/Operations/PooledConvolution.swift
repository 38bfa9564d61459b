import CTensorKernels

/// A part of a convolution in one pass with the max pooling of 2 x 2 outputs that follows it: forward what is pooled is
/// never in memory, backward the cotangent of it isn't, which would be zeros but for one in four.
struct PooledConvolution: Sendable {
    private enum Way {
        case fewChannels(FewChannelConvolution)
        case tiles(TiledConvolution)
    }

    let convolution: Convolution
    private let way: Way

    /// Nil where the two go apart.
    /// - Parameters:
    ///   - pooling: of the convolution's outputs.
    ///   - elementType: of the images.
    init?(_ convolution: Convolution, pooling: Windows, elementType: ElementType) {
        let windows = convolution.windows, image = convolution.image, output = convolution.output
        guard pooling == Windows(kernel: (2, 2), stride: 2, padding: 0), windows.padding == 1,
            output[1] > 1, output[2] > 1
        else { return nil }
        let isBackward = convolution.part == .inputGradient
        let few =
            isBackward ? nil : FewChannelConvolution(windows, image: image, output: output, elementType: elementType)
        // The way back is a convolution of what is pooled, with the same padding.
        let tiled =
            isBackward
            ? TiledConvolution(windows, image: output.withEvenSides, output: image, elementType: elementType)
            : TiledConvolution(windows, image: image, output: output, elementType: elementType, isPooled: true)
        guard let way = few.map(Way.fewChannels) ?? tiled.map(Way.tiles) else { return nil }
        self.convolution = convolution
        self.way = way
    }

    /// Which operand is the cotangent of what is pooled, in the parts that go back.
    var cotangentOperand: Int { convolution.part == .weightGradient ? 1 : 0 }

    func accepts(_ view: View, operand index: Int) -> Bool {
        if case .fewChannels = way, index == 0 { return true }
        return view.isContiguous
    }

    /// Elements.
    var scratchCount: Int {
        switch (way, convolution.part) {
        case (.fewChannels(let few), .weightGradient): few.sumCount
        case (.fewChannels(let few), _): few.weightCount
        case (.tiles(let tiled), .forward): tiled.weightCount
        case (.tiles(let tiled), .inputGradient): tiled.weightCount + convolution.weight.count
        case (.tiles(let tiled), .weightGradient): tiled.sumPieces * tiled.weightCount
        }
    }

    /// - Parameters:
    ///   - largest: where the pooled outputs go, `places` where their places go, nil for nowhere.
    func forwardKernel(_ x: View, _ weight: View, largest: View?, places: View?, scratch: View) -> Kernel {
        switch way {
        case .fewChannels(let few):
            return few.kernel(x, weight, largest: largest, places: places, transformed: scratch)
        case .tiles(let tiled):
            return { memory in
                tiled(
                    memory.pointer(x), memory.pointer(weight), transformed: memory.pointer(scratch),
                    pooledInto: memory.pooled(largest, places), on: memory.pool)
            }
        }
    }

    /// - Parameters:
    ///   - other: the operand beside the cotangent: images or weight.
    ///   - cotangent: of the pooled outputs.
    func backwardKernel(_ other: View, cotangent: View, places: View, result: View, scratch: View) -> Kernel {
        switch way {
        case .fewChannels(let few):
            return few.weightGradientKernel(other, cotangent: cotangent, places: places, sums: scratch, result: result)
        case .tiles(let tiled):
            let weight = convolution.weight, isBackward = convolution.part == .inputGradient
            return { memory in
                let pooled = memory.pooledCotangent(cotangent, places), room = memory.pointer(scratch, as: Float.self)
                guard isBackward else {
                    return tiled.weightGradient(
                        memory.pointer(other), pooled: pooled, sums: room, into: memory.pointer(result),
                        on: memory.pool)
                }
                let rotated = room + tiled.weightCount
                Float.kernels.rotateWeight(
                    Int64(weight[0] * weight[1]), Int64(weight[2]), Int64(weight[3]), memory.pointer(other), rotated)
                tiled(
                    ofPooled: pooled, rotated, transformed: room, into: memory.pointer(result), on: memory.pool)
            }
        }
    }
}
