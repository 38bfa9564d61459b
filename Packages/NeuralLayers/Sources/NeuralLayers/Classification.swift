import Tensors

extension Tensor {
    /// The mean cross-entropy of logits [n, classes] with int32 labels [n].
    public func meanCrossEntropy(labels: Tensor) -> Tensor { crossEntropy(labels: labels).mean() }

    /// The share of rows of logits [n, classes] whose largest element is at the label, in [0, 1].
    public func accuracy(labels: Tensor) -> Double {
        let predicted: [Int32] = argmax().scalars(), expected: [Int32] = labels.scalars()
        return Double(zip(predicted, expected).count { $0 == $1 }) / Double(Swift.max(expected.count, 1))
    }
}
