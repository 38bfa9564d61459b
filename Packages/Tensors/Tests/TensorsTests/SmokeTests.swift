import Testing
@testable import Tensors

@Suite struct SmokeTests {
    @Test func dbg() {
        let x = Tensor((0..<500 * 80).map { Float($0 % 13) * 0.1 }, shape: [500, 80])
        let labels = Tensor((0..<500).map { Int32($0 % 10) })
        let w1 = Tensor.placeholder("w1", shape: [80, 30]), b1 = Tensor.placeholder("b1", shape: [30])
        let w2 = Tensor.placeholder("w2", shape: [30, 10]), b2 = Tensor.placeholder("b2", shape: [10])
        let u = Tensor.placeholder("u", shape: [500])
        let logits = (x.product(w1) + b1).product(w2) + b2
        let loss = (u.sigmoid() * logits.crossEntropy(labels: labels)).mean()
        let g = gradient(of: loss, withRespectTo: [w1, b1, w2, b2])
        let v = [w1, b1, w2, b2].map { $0.placeholder("v") }
        let h = pullback(of: g, cotangents: v, withRespectTo: [u])
        print(Program(inputs: [w1, b1, w2, b2, u] + v, outputs: h))
    }
}
