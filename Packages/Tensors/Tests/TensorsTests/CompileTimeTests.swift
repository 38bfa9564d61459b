import Testing

@testable import Tensors

/// Compiling takes time in proportion to the graph. Held by counting, not by the clock: each of these would not end, or
/// would take minutes, were it the square of it.
@Suite struct CompileTimeTests {
    /// hA + hB, 25 times over, is 2²⁵ products when multiplied out.
    @Test func sumsOfProductsAreNotMultipliedOutForever() {
        let x = Tensor.placeholder("x", shape: [3, 4]),
            a = Tensor.placeholder("a", shape: [4, 4]), b = Tensor.placeholder("b", shape: [4, 4])
        var h = x
        for _ in 0..<25 { h = h.product(a) + h.product(b) }
        let program = Program(inputs: [x, a, b], outputs: [h] + gradient(of: h.sum(), withRespectTo: [a, b]))
        #expect(program.instructions.count < 1000)
        // (A + B)²⁵ for A = B = I/4 is I · 2⁻²⁵.
        let quarter = Tensor((0..<16).map { $0 % 5 == 0 ? Float(0.25) : 0 }, shape: [4, 4])
        let given = Tensor((0..<12).map { Float($0) }, shape: [3, 4])
        let expected = given.scalars.map { $0 / Double(1 << 25) }
        #expect(program([given, quarter, quarter])[0].scalars == expected)
    }

    /// x to the 2³⁰th, by squaring, under a sum.
    @Test func repeatedSquaresAreNotTakenApart() {
        let x = Tensor.placeholder("x", shape: [5])
        var y = x
        for _ in 0..<30 { y = y.squared() }
        let program = Program(inputs: [x], outputs: [y.sum()] + gradient(of: y.sum(), withRespectTo: [x]))
        #expect(program([Tensor([1, 1, -1, 1, 0] as [Float])])[0].scalar == 4)
    }

    @Test func aChainOfThousandsOfStepsAndItsGradient() {
        let x = Tensor.placeholder("x", shape: [4])
        var y = x
        for i in 0..<8_000 { y = i % 2 == 0 ? (y * 1.001).tanh() : y + x }
        let program = Program(inputs: [x], outputs: [y.sum()] + gradient(of: y.sum(), withRespectTo: [x]))
        // A chain holds 32 nodes.
        #expect(program.instructions.count < 4_000)
    }

    @Test func thousandsOfProducts() {
        let x = Tensor.placeholder("x", shape: [2, 3]), w = Tensor.placeholder("w", shape: [3, 3])
        var h = x
        for _ in 0..<4_000 { h = h.product(w).tanh() }
        let slope = gradient(of: h.sum(), withRespectTo: [w])
        #expect(Program(inputs: [x, w], outputs: slope).instructions.count < 40_000)
        var linear = x
        for _ in 0..<4_000 { linear = linear.product(w) }
        #expect(Program(inputs: [x, w], outputs: [linear]).instructions.count <= 4_001)
    }

    @Test func thousandsOfOutputs() {
        let x = Tensor.placeholder("x", shape: [3])
        var y = x, outputs: [Tensor] = []
        for _ in 0..<3_000 {
            y = (y + x).sin()
            outputs.append(y)
        }
        let program = Program(inputs: [x], outputs: outputs)
        #expect(program.outputTypes.count == 3_000)
    }

    /// Whatever chains the compiler makes of a graph, they compute what its operations compute one by one.
    @Test(arguments: 0..<60) func chainsComputeWhatTheirOperationsDo(_ seed: Int) {
        var state = UInt32(seed) &* 747_796_405 &+ 1
        func draw(_ bound: Int) -> Int {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Int(state >> 16) % bound
        }
        let inputs = (0..<3).map { Tensor.placeholder("x\($0)", shape: [7]) }
        let values = (0..<3).map { i in Tensor((0..<7).map { Float(($0 * 5 + i * 3 + seed) % 7) / 3 - 1 }) }
        var nodes = inputs, results = values
        func add(_ make: (_ x: Tensor, _ y: Tensor, _ z: Tensor) -> Tensor) {
            // Mostly late nodes, so that chains are long.
            let picked = (0..<3).map { _ in nodes.count - 1 - draw(min(nodes.count, 6)) }
            nodes.append(make(nodes[picked[0]], nodes[picked[1]], nodes[picked[2]]))
            results.append(make(results[picked[0]], results[picked[1]], results[picked[2]]).evaluated())
        }
        for _ in 0..<60 {
            switch draw(8) {
            case 0: add { x, _, _ in x.step() }
            case 1: add { x, _, _ in x.step().step() }
            case 2: add { x, y, z in select(x, y, z) }
            case 3: add { x, y, _ in (x + y) * 0.5 }
            case 4: add { x, y, _ in x.tanh() * y.step() }
            case 5: add { x, _, _ in x.relu() }
            case 6: add { x, y, _ in x.maximum(y) - x }
            default: add { x, y, z in select(x.step(), y.sin(), z.cos()) }
            }
        }
        let chosen = (0..<6).map { _ in draw(nodes.count) }
        let got = Program(inputs: inputs, outputs: chosen.map { nodes[$0] })(values)
        for (i, value) in zip(chosen, got) {
            let exact = results[i].scalars
            #expect(zip(value.scalars, exact).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
        }
    }

    /// A step of a step, in value and derivatives.
    @Test func chainsHaveARegisterForAStepOfAStep() {
        let x = (0..<3).map { Tensor.placeholder("x\($0)", shape: [4]) }, b = x[1], s = x[2].step()
        let f = select(s.step(), (x[0] + 0.1).reciprocal().softplus(), select(s, b, b)).sum()
        let slope = gradient(of: f, withRespectTo: x)
        let program = Program(inputs: x, outputs: [f] + slope)
        let values = [
            Tensor([0.9, 0.4, 1, 2] as [Float]), Tensor([5, 6, 7, 8] as [Float]), Tensor([1, -1, 0, 2] as [Float]),
        ]
        let got = program(values).map(\.scalars)
        #expect(got[2] == [0, 1, 1, 0] && got[3] == [0, 0, 0, 0])
        #expect(got[1][1] == 0 && got[1][2] == 0 && abs(got[1][0] + 0.7310586) < 1e-5)
    }
}
