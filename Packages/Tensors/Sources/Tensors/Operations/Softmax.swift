import CTensorKernels

/// log softmax along the last axis: x - log Σ exp x, computed without overflow.
struct LogSoftmax: KernelOperation {
    var name: String { "logSoftmax" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        v - y.exp() * v.sum(axes: [-1], keepingAxes: true)
    }

    func kernel(operands: [View], result: View) -> Kernel {
        let operand = operands[0], width = operand.shape[-1]
        let split = Split(count: width == 0 ? 0 : operand.shape.count / width, costPerItem: 8 * width)
        let isDouble = operand.elementType == .float64
        return { memory in
            let x = memory.addresses[operand.slot] + operand.byteOffset,
                y = memory.addresses[result.slot] + result.byteOffset
            split.run(on: memory.pool) { rows in
                let offset = rows.lowerBound * width
                if isDouble {
                    tensor_log_softmax_f64(
                        Int64(rows.count), Int64(width), x.assumingMemoryBound(to: Double.self) + offset,
                        y.assumingMemoryBound(to: Double.self) + offset)
                } else {
                    tensor_log_softmax_f32(
                        Int64(rows.count), Int64(width), x.assumingMemoryBound(to: Float.self) + offset,
                        y.assumingMemoryBound(to: Float.self) + offset)
                }
            }
        }
    }
}

extension Tensor {
    /// log softmax along the last axis.
    public func logSoftmax(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            rank >= 1 && elementType.isFloatingPoint, "logSoftmax: of \(shape) \(elementType)", file: file, line: line)
        return Tensor(LogSoftmax(), [self], shape: shape, elementType: elementType)
    }

    /// eˣ / Σ eˣ over the last axis, without overflow.
    public func softmax(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        logSoftmax(file: file, line: line).exp(file: file, line: line)
    }

    /// log Σ exp x over `axes`, or over all, without overflow; -∞ where every x is.
    public func logSumExp(
        axes: [Int]? = nil, keepingAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        // Any shift gives the same value and derivatives; the largest element's keeps the sum in range.
        let top = max(axes: axes, keepingAxes: true, file: file, line: line).stopGradient()
        // Of one element: itself, where it is infinite too, with derivative 1.
        if top.count == count { return sum(axes: axes, keepingAxes: keepingAxes, file: file, line: line) }
        let shift = select(top.isFinite(), top, Tensor(0, elementType: elementType))
        let logarithm = (self - shift).exp(file: file, line: line).sum(
            axes: axes, keepingAxes: keepingAxes, file: file, line: line
        ).log(file: file, line: line)
        return shift.reshaped(to: logarithm.shape) + logarithm
    }

    /// Cross-entropy of each row of logits [n, classes] with int32 labels [n]: -log softmax(logits)[label], [n].
    ///
    /// A logit of -∞ is a class of probability 0: it does no harm where it is not the label's.
    public func crossEntropy(labels: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            rank == 2 && elementType.isFloatingPoint && labels.shape == [shape[0]] && labels.elementType == .int32,
            "crossEntropy: logits \(shape) \(elementType), labels \(labels.shape) \(labels.elementType)", file: file,
            line: line)
        return -logSoftmax().pickedColumns(at: labels, file: file, line: line)
    }
}
