import Testing

@testable import Tensors

/// One row of the table: an operation at a point that keeps clear of its kinks.
struct DerivativeCase: Sendable, CustomTestStringConvertible {
    let name: String
    let point: [Tensor]
    let function: @Sendable ([Tensor]) -> Tensor
    var testDescription: String { name }

    init(
        _ name: String, _ shapes: [Shape], from lower: Double = -1.5, to upper: Double = 1.5,
        _ function: @escaping @Sendable ([Tensor]) -> Tensor
    ) {
        self.name = name
        var random = RandomGenerator(seed: 11)
        // At least 0.05 from 0, where abs, relu, sign and step have their kinks.
        point = shapes.map { shape in
            Tensor(
                (0..<shape.count).map { _ in
                    let value = lower + (upper - lower) * random.uniform()
                    return abs(value) < 0.05 ? value + 0.1 : value
                }, shape: shape)
        }
        self.function = function
    }
}

private let m: Shape = [3, 4]
private let indices = Tensor([2, 0, 2] as [Int32])

let derivativeTable: [DerivativeCase] = [
    .init("negate", [m]) { (-$0[0]) * $0[0] },
    .init("absolute", [m]) { $0[0].abs() * $0[0] },
    .init("sign", [m]) { $0[0].sign() * $0[0].squared() },
    .init("exp", [m]) { $0[0].exp() },
    .init("log", [m], from: 0.5, to: 2) { $0[0].log() },
    .init("sqrt", [m], from: 0.5, to: 2) { $0[0].sqrt() },
    .init("reciprocal", [m], from: 0.5, to: 2) { $0[0].reciprocal() },
    .init("sin", [m]) { $0[0].sin() },
    .init("cos", [m]) { $0[0].cos() },
    .init("tanh", [m]) { $0[0].tanh() },
    .init("sigmoid", [m]) { $0[0].sigmoid() },
    .init("softplus", [m]) { $0[0].softplus() },
    .init("erf", [m]) { $0[0].erf() },
    .init("gelu", [m]) { $0[0].gelu() },
    .init("log1p", [m], from: -0.5, to: 2) { $0[0].log1p() },
    .init("expm1", [m]) { $0[0].expm1() },
    .init("relu", [m]) { $0[0].relu() * $0[0] },
    .init("step", [m]) { $0[0].step() * $0[0].squared() },
    .init("add, broadcast", [m, [4]]) { ($0[0] + $0[1]).squared() },
    .init("subtract, broadcast", [m, [3, 1]]) { ($0[0] - $0[1]).squared() },
    .init("multiply, broadcast", [m, [1, 4]]) { $0[0] * $0[1] },
    .init("divide", [m, m], from: 0.5, to: 2) { $0[0] / $0[1] },
    .init("power of both", [m, m], from: 0.5, to: 2) { $0[0].power($0[1]) },
    .init("power 2.5", [m], from: 0.5, to: 2) { $0[0].power(2.5) },
    .init("power 4", [m]) { $0[0].power(4) },
    .init("maximum", [m, m]) { $0[0].maximum($0[1]).squared() },
    .init("minimum", [m, m]) { $0[0].minimum($0[1]).squared() },
    .init("clamp", [m]) { $0[0].clamp(-0.7, 0.7) * $0[0] },
    .init("less", [m, m]) { $0[0].less($0[1]) * $0[0].squared() },
    .init("lessOrEqual", [m, m]) { $0[0].lessOrEqual($0[1]) * $0[0].squared() },
    .init("equal", [m]) { $0[0].equal($0[0]) * $0[0].squared() },
    .init("select", [m, m, m]) { select($0[0].step(), $0[1].squared(), $0[1] * $0[2]) },
    .init("convert", [m]) { $0[0].converted(to: .float64).squared() },
    .init("reshape", [m]) { $0[0].reshaped(to: [2, 6]).squared() },
    .init("permute", [[2, 3, 4]]) { $0[0].permuted([2, 0, 1]).squared() },
    .init("broadcast", [[1, 4]]) { $0[0].broadcast(to: [2, 3, 4]).squared() },
    .init("slice", [m]) { $0[0].sliced(from: [1, 1], extents: [2, 2]).squared() },
    .init("pad", [m]) { $0[0].squared().padded(before: [1, 0], after: [0, 2]) },
    .init("concatenate", [m, [3, 2]]) { Tensor(concatenating: [$0[0], $0[1]], axis: 1).squared() },
    .init("gatherRows", [m]) { $0[0].gatheredRows(at: indices).squared() },
    .init("scatterAddRows", [m]) { $0[0].squared().scatteredAddingRows(at: indices, count: 4) },
    .init("sum over all", [m]) { $0[0].sum().squared() },
    .init("sum over the first axis", [m]) { $0[0].sum(axes: [0]).squared() },
    .init("sum over outer axes", [[2, 3, 4]]) { $0[0].sum(axes: [0, 2]).squared() },
    .init("mean", [m]) { $0[0].mean(axes: [1], keepingAxes: true) * $0[0] },
    .init("max", [m]) { $0[0].max(axes: [1]).squared() },
    .init("min", [m]) { $0[0].min().squared() },
    .init("norm", [m]) { $0[0].norm() },
    .init("simplexThreshold", [[6]]) { ($0[0].squared() * 3).simplexThreshold(total: 1).squared() },
    .init("dot", [m, m]) { $0[0].dot($0[1]).squared() },
    .init("logSumExp", [m]) { $0[0].logSumExp(axes: [0]).squared() },
    .init("logSumExp over all", [m]) { $0[0].logSumExp().squared() },
    .init("pickColumns", [m]) { $0[0].squared().pickedColumns(at: indices).squared() },
    .init("max over axes apart", [[2, 3, 4]]) { $0[0].max(axes: [0, 2]).squared() },
    .init("logSoftmax", [m]) { $0[0].logSoftmax() },
    .init("softmax", [m]) { $0[0].softmax() },
    .init("crossEntropy", [m]) { $0[0].crossEntropy(labels: indices) },
    .init("product", [[3, 4], [4, 2]]) { $0[0].product($0[1]).squared() },
    .init("product, first transposed", [[4, 3], [4, 2]]) { $0[0].product($0[1], transposingSelf: true).squared() },
    .init("product, second transposed", [[3, 4], [2, 4]]) { $0[0].product($0[1], transposingOther: true).squared() },
    .init("product, both transposed", [[4, 3], [2, 4]]) {
        $0[0].product($0[1], transposingSelf: true, transposingOther: true).squared()
    },
    .init("matrix times vector", [[3, 4], [4]]) { $0[0].product($0[1]).squared() },
    .init("transposed matrix times vector", [[4, 3], [4]]) { $0[0].product($0[1], transposingSelf: true).squared() },
    .init("vector times matrix", [[3], [3, 4]]) { $0[0].product($0[1]).squared() },
    .init("vector times vector", [[4], [4]]) { $0[0].product($0[1]).squared() },
    .init("batch of matrices times vector", [[2, 3, 4], [4]]) { $0[0].product($0[1]).squared() },
    .init("stacked", [m, m]) { [$0[0], $0[1].squared()].stacked(axis: 1).squared() },
    .init("divide by a number", [m]) { ($0[0] / 3).squared() },
    .init("product of batches", [[2, 3, 4], [4, 2]]) { $0[0].product($0[1]).squared() },
    .init("convolution 3x3", [[2, 5, 4, 2], [3, 3, 2, 3]]) { $0[0].convolved(with: $0[1], padding: 1).squared() },
    .init("convolution, stride 2 on odd sizes", [[2, 7, 5, 1], [3, 2, 1, 2]]) {
        $0[0].convolved(with: $0[1], stride: 2, padding: 1).squared()
    },
    .init("convolution without padding, stride 3", [[1, 8, 6, 2], [2, 3, 2, 1]]) {
        $0[0].convolved(with: $0[1], stride: 3).squared()
    },
    .init("convolution 1x1", [[2, 3, 3, 4], [1, 1, 4, 2]]) { $0[0].convolved(with: $0[1]).squared() },
    .init("max pooling", [[2, 5, 4, 3]]) { $0[0].maxPooled(size: 2).squared() },
    .init("max pooling, overlapping and padded", [[1, 5, 5, 2]]) {
        $0[0].maxPooled(size: 3, stride: 2, padding: 1).squared()
    },
    .init("average pooling", [[2, 5, 4, 3]]) { $0[0].averagePooled(size: 2).squared() },
    .init("adaptive average pooling", [[2, 5, 4, 3]]) { $0[0].adaptiveAveragePooled(rows: 3, columns: 3).squared() },
    .init("global average pooling", [[2, 3, 4, 3]]) { $0[0].globalAveragePooled().squared() },
    .init("a deep linear network", [[3, 4], [5, 4], [5], [3, 5], [3]]) { p in
        ((p[0].product(p[1], transposingOther: true) + p[2]).product(p[3], transposingOther: true) + p[4]).crossEntropy(
            labels: indices)
    },
]

@Suite struct DerivativeTests {
    /// Central differences with step 1e-5 in float64 leave errors of about 1e-10 times the third derivative.
    @Test(arguments: derivativeTable) func derivativesAgreeWithFiniteDifferencesToSecondOrder(_ row: DerivativeCase) {
        let check = checkGradients(at: row.point, of: row.function)
        #expect(check.first < 1e-8, "first order")
        #expect(check.second < 1e-7, "second order")
        #expect(check.forward < 1e-12, "forward against reverse mode")
    }

    @Test func aWrongDerivativeIsNoticed() {
        // stopGradient hides a dependence that finite differences see.
        let check = checkGradients(at: [Tensor([0.5, 1.5] as [Double])]) { $0[0] * $0[0].stopGradient() }
        #expect(check.first > 0.1)
    }

    @Test func everyElementwiseFunctionIsInTheTable() {
        let tested = Set(
            derivativeTable.flatMap { row in
                topologicalOrder(of: [row.function(row.point)]).compactMap { ($0.operation as? Elementwise)?.function }
            })
        #expect(tested == Set(Elementwise.Function.allCases))
    }

    @Test func conventionsAtKinksAreThoseDocumented() {
        func slope(_ x: Double, _ f: (Tensor) -> Tensor) -> Double {
            let leaf = Tensor([x])
            return gradient(of: f(leaf).sum(), withRespectTo: [leaf])[0].scalars[0]
        }
        #expect(slope(0) { $0.relu() } == 0)
        #expect(slope(0) { $0.abs() } == 0)
        #expect(slope(1) { $0.clamp(0, 1) } == 1 && slope(2) { $0.clamp(0, 1) } == 0)
        #expect(slope(0) { $0.sqrt() } == .infinity)
        let tie = Tensor([2.0, 2.0] as [Double])
        #expect(gradient(of: tie.max(), withRespectTo: [tie])[0].scalars == [0.5, 0.5])
    }

    @Test func aHessianVectorProductIsThatOfTheClosedForm() {
        // f = (aᵀx)² has the Hessian 2 a aᵀ.
        let a = Tensor([1.0, -2, 3] as [Double]), x = Tensor([0.3, 0.2, 0.1] as [Double]),
            v = Tensor([1.0, 1, 2] as [Double])
        let product = hessianVectorProduct(of: a.dot(x).squared(), withRespectTo: x, vector: v)
        #expect(product.scalars == [10, -20, 30])
    }

    @Test func derivativesOfAnyOrder() {
        let x = Tensor([0.7] as [Double])
        var value = x.sin().sum()
        for _ in 0..<5 { value = gradient(of: value, withRespectTo: [x])[0].sum() }
        #expect(abs(value.scalar - 0.7648421872844885) < 1e-14)  // d⁵ sin/dx⁵ = cos, at 0.7
    }

    @Test func aMillionNodesAreReleasedWithoutRecursion() {
        var x = Tensor([1.0] as [Double])
        for _ in 0..<1_000_000 { x = x + 1 }
        #expect(x.shape == [1])
    }
}
