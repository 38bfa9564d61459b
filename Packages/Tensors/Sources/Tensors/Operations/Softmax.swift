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
    public func logSoftmax() -> Tensor {
        precondition(rank >= 1 && elementType.isFloatingPoint, "logSoftmax: shape \(shape) \(elementType)")
        return Tensor(LogSoftmax(), [self], shape: shape, elementType: elementType)
    }

    public func softmax() -> Tensor { logSoftmax().exp() }

    /// Cross-entropy of each row of logits [n, classes] with int32 labels [n]: -log softmax(logits)[label], [n].
    public func crossEntropy(labels: Tensor) -> Tensor {
        precondition(rank == 2 && labels.shape == [shape[0]], "crossEntropy: logits \(shape), labels \(labels.shape)")
        return -(logSoftmax() * labels.oneHot(classes: shape[1], elementType: elementType)).sum(axes: [1])
    }
}
