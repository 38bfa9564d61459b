import Testing
import Tensors

@Suite struct SmokeTests {
    @Test func aDeepLinearNetworkIsReassociated() {
        let x = Tensor((0..<500 * 80).map { Float($0 % 13) * 0.1 }, shape: [500, 80])
        let labels = Tensor((0..<500).map { Int32($0 % 10) })
        let w1 = Tensor.placeholder("w1", shape: [80, 30]), b1 = Tensor.placeholder("b1", shape: [30])
        let w2 = Tensor.placeholder("w2", shape: [30, 10]), b2 = Tensor.placeholder("b2", shape: [10])
        let u = Tensor.placeholder("u", shape: [500])
        let logits = (x.product(w1) + b1).product(w2) + b2
        let loss = (u.sigmoid() * logits.crossEntropy(labels: labels)).mean()
        let g = gradient(of: loss, withRespectTo: [w1, b1, w2, b2])
        print(Program(inputs: [w1, b1, w2, b2, u], outputs: g))
        let v = [w1, b1, w2, b2].map { $0.placeholder("v") }
        let h = pullback(of: g, cotangents: v, withRespectTo: [w1, b1, w2, b2, u])
        print(Program(inputs: [w1, b1, w2, b2, u] + v, outputs: h))
    }
    @Test func checks() {
        let a = Tensor([0.3, -0.7, 1.2, 0.4, 0.9, -1.1], shape: [2, 3]), b = Tensor([0.5, 0.1, -0.2, 0.8, 0.3, 0.7], shape: [3, 2])
        print(checkGradients(at: [a, b]) { $0[0].product($0[1]).sin() })
        print(checkGradients(at: [a]) { $0[0].logSoftmax() })
        print(checkGradients(at: [a, b]) { ($0[0] * $0[1].transposed).tanh().sum(axes: [0]).exp() })
        print(checkGradients(at: [a]) { $0[0].max(axes: [1]).squared() })
        print(checkGradients(at: [a]) { $0[0].gelu() + $0[0].softplus() * $0[0].sigmoid() })
        print(Tensor([1, 2, 3] as [Float]).sum().scalar)
    }
}
