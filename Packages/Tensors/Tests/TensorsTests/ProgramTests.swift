import Testing

@testable import Tensors

@Suite struct ProgramTests {
    private let x = Tensor.placeholder("x", shape: [200, 50])
    private let w1 = Tensor.placeholder("w1", shape: [30, 50]), b1 = Tensor.placeholder("b1", shape: [30])
    private let w2 = Tensor.placeholder("w2", shape: [10, 30]), b2 = Tensor.placeholder("b2", shape: [10])
    private let labels = Tensor((0..<200).map { Int32($0 * 7 % 10) })

    private var logits: Tensor { (x.product(w1, transposingOther: true) + b1).product(w2, transposingOther: true) + b2 }

    /// Whether any instruction writes a matrix of 200 x 30: X·W₁, or its derivative.
    private func formsTheWideProduct(_ program: Program) -> Bool { program.description.contains("[200x30]") }

    @Test func theDeepLinearNetworkNeverFormsTheWideProductInValueOrDerivatives() {
        let parameters = [w1, b1, w2, b2]
        let loss = logits.crossEntropy(labels: labels).mean()
        let slope = gradient(of: loss, withRespectTo: parameters)
        let vectors = parameters.map { $0.placeholder("v") }
        let second = pullback(of: slope, cotangents: vectors, withRespectTo: parameters)
        #expect(!formsTheWideProduct(Program(inputs: [x] + parameters, outputs: [loss])))
        #expect(!formsTheWideProduct(Program(inputs: [x] + parameters, outputs: slope)))
        #expect(!formsTheWideProduct(Program(inputs: [x] + parameters + vectors, outputs: second)))
    }

    @Test func aNonlinearNetworkKeepsItsOrder() {
        let hidden = (x.product(w1, transposingOther: true) + b1).relu()
        #expect(
            formsTheWideProduct(
                Program(inputs: [x, w1, b1, w2, b2], outputs: [hidden.product(w2, transposingOther: true) + b2])))
    }

    @Test func reassociationKeepsTheValue() {
        var random = RandomGenerator(seed: 2)
        let values = [x, w1, b1, w2, b2].map { random.normal($0.shape, elementType: .float64) }
        let x = values[0], w1 = values[1], b1 = values[2], w2 = values[3], b2 = values[4]
        let hidden = (x.product(w1, transposingOther: true) + b1).evaluated()  // forces the written order
        let expected = (hidden.product(w2, transposingOther: true) + b2).scalars
        let got = ((x.product(w1, transposingOther: true) + b1).product(w2, transposingOther: true) + b2).scalars
        for (a, b) in zip(expected, got) { #expect(abs(a - b) < 1e-12 * max(1, abs(a))) }
    }

    @Test func commonAndDeadWorkIsRemovedAndChainsAreFused() {
        let a = Tensor.placeholder("a", shape: [8])
        let twice = a.exp() + a.exp()
        #expect(Program(inputs: [a], outputs: [twice]).instructions.count == 1)
        #expect(Program(inputs: [a], outputs: [a * 0 + 1]).floatingPointOperations <= 8)
        let chain = ((a * 2 + 1).tanh() - a).sigmoid()
        #expect(Program(inputs: [a], outputs: [chain]).instructions.count == 1)
    }

    @Test func theMaskOfReluIsComputedWhereItIsReadAndNotKept() {
        let v = Tensor.placeholder("v", shape: [200, 30]), hidden = (x.product(w1, transposingOther: true) + b1).relu()
        let slope = gradient(
            of: (hidden.product(w2, transposingOther: true).tanh()).sum() + (hidden * v).sum(), withRespectTo: [w1])
        let program = Program(inputs: [x, w1, b1, w2, v], outputs: slope)
        let chains = program.instructions.filter { $0.text.contains("step") || $0.text.contains("relu") }
        #expect(chains.count == 2 && chains.allSatisfy { $0.writes.count == 1 }, "\(program)")
        var random = RandomGenerator(seed: 6)
        let values = program.inputTypes.map { random.normal($0.shape, elementType: .float32) }
        let dense = { (t: Tensor) in t.converted(to: .float64) },
            mask = (dense(values[0]).product(dense(values[1]), transposingOther: true) + dense(values[2])).step()
        let activations = (dense(values[0]).product(dense(values[1]), transposingOther: true) + dense(values[2])) * mask
        let inner = activations.product(dense(values[3]), transposingOther: true).tanh()
        let cotangent = ((1 - inner * inner).product(dense(values[3])) + dense(values[4])) * mask
        let expected = cotangent.product(dense(values[0]), transposingSelf: true).scalars
        for (got, exact) in zip(program(values)[0].scalars, expected) { #expect(abs(got - exact) <= 1e-3) }
    }

    /// Three operands a node, all different: 32 nodes would have 65.
    @Test func aChainNeverNeedsMoreRegistersThanThereAre() {
        let conditions = (0..<40).map { Tensor.placeholder("c\($0)", shape: [5]) },
            values = (0..<40).map { Tensor.placeholder("v\($0)", shape: [5]) }
        var y = Tensor.placeholder("last", shape: [5])
        let inputs = conditions + values + [y]
        for (condition, value) in zip(conditions, values) { y = select(condition, value, y) }
        let zero = Tensor([0, 0, 0, 0, 0] as [Float]), chosen = Tensor([0, 0, 1, 0, 0] as [Float])
        let given =
            (0..<40).map { $0 == 7 ? chosen : zero } + (0..<40).map { Tensor([Float](repeating: Float($0), count: 5)) }
            + [Tensor([9, 9, 9, 9, 9] as [Float])]
        #expect(Program(inputs: inputs, outputs: [y])(given)[0].scalars == [9, 9, 7, 9, 9])
    }

    @Test func smallOutputsComeBeforeLargeOnes() {
        let program = Program(inputs: [x, w1], outputs: [x.product(w1, transposingOther: true), x.sum(axes: [0])])
        #expect(program.instructions[0].text.contains("sum"), "\(program)")
    }

    @Test func aGroupNeverDependsOnItselfThroughAReduction() {
        // exp(a) feeds a sum whose result meets exp(a) again: one chain of both would wait for itself.
        let a = Tensor.placeholder("a", shape: [4])
        let e = a.exp()
        let program = Program(inputs: [a], outputs: [e / e.sum()])
        let got = program([Tensor([0, 0, 0, 0] as [Float])])[0].scalars
        #expect(got == [0.25, 0.25, 0.25, 0.25])
    }

    @Test func constantsAreFoldedAndInputsAreNot() {
        let leaf = Tensor([1, 2, 3] as [Float]), a = Tensor.placeholder("a", shape: [3])
        #expect(Program(inputs: [a], outputs: [a + leaf.exp().exp()]).instructions.count == 1)
        let program = Program(inputs: [leaf], outputs: [leaf * 2])
        #expect(program([Tensor([5, 6, 7] as [Float])])[0].scalars == [10, 12, 14])
    }

    @Test func outputsThatAreInputsEqualOrNumbersAreWritten() {
        let a = Tensor.placeholder("a", shape: [2])
        let sum = a + 1
        let got = Program(
            inputs: [a], outputs: [a, sum, sum, Tensor(repeating: 7, shape: [2]), a.reshaped(to: [2, 1])])([
                Tensor([1, 2] as [Float])
            ])
        #expect(got.map(\.scalars) == [[1, 2], [2, 3], [2, 3], [7, 7], [1, 2]])
    }

    @Test func buffersShareMemoryWhenTheyAreNeverAliveTogether() {
        let a = Tensor.placeholder("a", shape: [64, 64])
        var y = a
        for _ in 0..<10 { y = y.product(y.tanh()).tanh() }
        let program = Program(inputs: [a], outputs: [y])
        #expect(program.arenaByteCount <= 3 * (64 * 64 * 4 + 128), "\(program)")
    }

    @Test func replaysGiveTheSameBitsOnAnyNumberOfThreads() {
        var random = RandomGenerator(seed: 3)
        let a = random.normal([700, 300]), b = random.normal([300, 40])
        let inputs = [a.placeholder(), b.placeholder()]
        let product = inputs[0].product(inputs[1])
        let program = Program(
            inputs: inputs,
            outputs: [product, product.logSoftmax().sum(axes: [1]), inputs[0].exp().tanh(), inputs[0].sum(axes: [0])])
        let alone = program([a, b]).map { $0.scalars(as: Float.self).map(\.bitPattern) }
        for threads in [1, 2, 3, 5] {
            let pool = ThreadPool(threadCount: threads)
            for _ in 0..<3 {
                #expect(program([a, b], pool: pool).map { $0.scalars(as: Float.self).map(\.bitPattern) } == alone)
            }
        }
    }

    @Test func aPoolRunsEveryPieceOnceManyTimesOver() {
        let pool = ThreadPool(threadCount: 4)
        for round in 0..<2_000 {
            let counts = Storage(byteCount: 4 * 16)
            let pieces = 1 + round % 16
            let pointer = counts.address.assumingMemoryBound(to: Int32.self)
            pool.run(pieces: pieces) { pointer[$0] += 1 }
            for piece in 0..<pieces { #expect(pointer[piece] == 1) }
        }
    }
}

@Suite struct KernelTests {
    /// Float32 functions against float64 ones, in units of the larger of the result and 1e-30.
    @Test(arguments: [Elementwise.Function.exp, .log, .sin, .cos, .tanh, .sigmoid, .softplus, .erf])
    func elementaryFunctionsAreAccurateInFloat32(_ function: Elementwise.Function) {
        let values: [Float] = (0..<20_000).map { i in
            let t = Float(i) / 20_000
            return function == .log
                ? Float.leastNonzeroMagnitude + t * t * t * 1e4
                : (t - 0.5) * (function == .sin || function == .cos ? 2000 : 170)
        }
        let x = Tensor(values), exact = Tensor(values.map(Double.init))
        let got = Tensor(elementwise: function, [x]).scalars, expected = Tensor(elementwise: function, [exact]).scalars
        for i in values.indices where abs(expected[i]) < 3e38 {
            // Near a zero of sine and cosine the reduced argument's absolute error counts.
            let scale =
                function == .sin || function == .cos ? max(abs(expected[i]), 0.05) : max(abs(expected[i]), 1.2e-38)
            #expect(
                abs(got[i] - expected[i]) <= 5e-7 * scale,
                "\(function)(\(values[i])) = \(got[i]), exactly \(expected[i])")
        }
    }

    @Test func specialValuesPassThroughElementaryFunctions() {
        let x = Tensor([.nan, .infinity, -.infinity, 0, 1e5, -1e5] as [Float])
        func bits(_ t: Tensor) -> [Float] { t.scalars() }
        let e = bits(x.exp()), l = bits(x.log()), t = bits(x.tanh()), s = bits(x.softplus()), n = bits(x.sin()),
            r = bits(x.relu())
        #expect(e[0].isNaN && e[1] == .infinity && e[2] == 0 && e[3] == 1 && e[4] == .infinity && e[5] == 0)
        #expect(l[0].isNaN && l[1] == .infinity && l[2].isNaN && l[3] == -.infinity && l[5].isNaN)
        #expect(t[0].isNaN && t[1] == 1 && t[2] == -1)
        #expect(s[0].isNaN && s[1] == .infinity && s[2] == 0 && s[4] == 1e5 && s[5] == 0)
        #expect(n[0].isNaN && n[1].isNaN && r[0].isNaN)
    }

    // From (17, 9, 300) on, some with few columns: several panels, odd rows, depths that are no multiple of a vector.
    // The last three with few rows: odd columns and pieces.
    @Test(arguments: [
        (1, 1, 1), (3, 5, 7), (130, 33, 65), (4, 600, 20), (17, 9, 300), (65, 10, 784), (2, 5, 64), (1, 2, 91),
        (50, 12, 401), (33, 3, 1561), (3, 12, 19957), (10, 33, 2111), (12, 16, 513), (2, 50, 640),
    ]) func productsAgreeWithTheDefinition(_ m: Int, _ n: Int, _ k: Int) {
        var random = RandomGenerator(seed: 4)
        let a = random.normal([m, k], elementType: .float64), b = random.normal([k, n], elementType: .float64)
        let x = a.scalars, y = b.scalars
        let expected = (0..<(m * n)).map { i in (0..<k).reduce(0.0) { $0 + x[i / n * k + $1] * y[$1 * n + i % n] } }
        for type in [ElementType.float32, .float64] {
            let tolerance = (type == .float64 ? 1e-14 : 1e-6) * Double(k)
            let p = a.converted(to: type).evaluated(), q = b.converted(to: type).evaluated()
            let pT = p.transposed.reshaped(to: [k, m]).evaluated(), qT = q.transposed.evaluated()
            for product in [
                p.product(q), pT.product(q, transposingSelf: true), p.product(qT, transposingOther: true),
                pT.product(qT, transposingSelf: true, transposingOther: true),
            ] {
                for (got, exact) in zip(product.scalars, expected) { #expect(abs(got - exact) <= tolerance) }
            }
        }
    }

    @Test func whatTwoOutputsShareAfterReassociationIsFoundByRewritingBoth() {
        let w = Tensor.placeholder("w", shape: [300, 200]), v = Tensor.placeholder("v", shape: [200, 3])
        var random = RandomGenerator(seed: 5)
        let x = random.normal([2000, 300])
        let outputs = [x.product(w).product(v).sin(), x.product(w.product(v)).cos()]
        func shared(_ outputs: [Tensor]) -> [Shape] {
            residuals(of: [outputs[0]], for: [outputs[1]], price: 120).map(\.shape)
        }
        #expect(shared(outputs).isEmpty)
        #expect(shared(Compilation().rewritten(outputs, inputs: [w, v])) == [[2000, 3]])
    }

    @Test func productsWithFewColumnsReadOnlyTheirOwnNumbers() {
        // Rows of 75 with an infinity around what is read: zero times it would be a NaN.
        func value(_ i: Int, _ column: Int) -> Float {
            column < 3 || column >= 70 ? .infinity : Float((i * 75 + column) % 7)
        }
        let wide = Tensor((0..<3000).map { value($0 / 75, $0 % 75) }, shape: [40, 75]),
            ones = Tensor([Float](repeating: 1, count: 268), shape: [67, 4])
        let got: [Float] = wide.sliced(axis: 1, 3..<70).product(ones).scalars()
        for i in 0..<40 {
            let sum = (3..<70).reduce(Float(0)) { $0 + value(i, $1) }
            #expect(got[4 * i..<4 * i + 4].allSatisfy { $0 == sum })
        }
        let infinite: [Float] = wide.sliced(axis: 1, 4..<71).product(ones).scalars()
        #expect(infinite.allSatisfy { $0 == .infinity })
    }

    @Test func reductionsOverEveryAxisAgreeWithTheDefinition() {
        let shape: Shape = [5, 37, 3]
        var random = RandomGenerator(seed: 6)
        let x = random.normal(shape, elementType: .float64), s = x.scalars
        for axis in 0..<3 {
            let others = (0..<3).filter { $0 != axis }
            var sums = [Double](repeating: 0, count: shape[others[0]] * shape[others[1]]),
                tops = [Double](repeating: -.infinity, count: sums.count)
            for i in 0..<5 {
                for j in 0..<37 {
                    for k in 0..<3 {
                        let index = [i, j, k], at = index[others[0]] * shape[others[1]] + index[others[1]],
                            value = s[(i * 37 + j) * 3 + k]
                        sums[at] += value
                        tops[at] = max(tops[at], value)
                    }
                }
            }
            for (a, b) in zip(x.sum(axes: [axis]).scalars, sums) { #expect(abs(a - b) < 1e-12) }
            #expect(x.max(axes: [axis]).scalars == tops)
        }
        var permuted: [Double] = []
        for k in 0..<3 { for i in 0..<5 { for j in 0..<37 { permuted.append(s[(i * 37 + j) * 3 + k]) } } }
        #expect(x.permuted([2, 0, 1]).scalars == permuted)
    }

    @Test func argmaxTakesTheFirstOfEquals() {
        #expect(Tensor([1, 3, 3, 0, -1, -1] as [Float], shape: [2, 3]).argmax().scalars(as: Int32.self) == [1, 0])
        #expect(Tensor([1, 3, 3, 4] as [Float], shape: [2, 2]).argmax(axis: 0).scalars(as: Int32.self) == [1, 1])
    }

    @Test func anOutputThatReshapesAResultIsThatResultInPlace() {
        let x = Tensor.placeholder("x", shape: [2, 3], elementType: .float64), y = x * 2 + 1
        let program = Program(inputs: [x], outputs: [y.reshaped(to: [6]).reshaped(to: [3, 2])])
        #expect(program.instructions.count == 1)
        let values = Tensor([1.0, 2, 3, 4, 5, 6] as [Double]).reshaped(to: [2, 3])
        #expect(program([values])[0].scalars == [3, 5, 7, 9, 11, 13])

        // One of several is in place; a view in another order never is.
        let several = Program(inputs: [x], outputs: [y.reshaped(to: [6]), y, y.transposed, y.reshaped(to: [3, 2])])
        #expect(
            several([values]).map(\.scalars) == [
                [3, 5, 7, 9, 11, 13], [3, 5, 7, 9, 11, 13], [3, 9, 5, 11, 7, 13], [3, 5, 7, 9, 11, 13],
            ])
        #expect(several.instructions.count == 4)
    }

    /// A reduction over axes of one element is a reshape.
    @Test func aScalarOfOneElementIsOneInstruction() {
        let x = Tensor.placeholder("x", shape: [1], elementType: .float64)
        #expect(Program(inputs: [x], outputs: [(x * 2 + 1).sum()]).instructions.count == 1)
    }
}
