import Foundation
import Tensors
import Testing

/// The kernels' own elementary functions against the C library's, in units in the last place of the result.
@Suite struct ElementaryFunctionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let range: ClosedRange<Double>
        let units: Double
        let ours: @Sendable (Tensor) -> Tensor
        let exact: @Sendable (Double) -> Double
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "exp", range: -80...80, units: 2, ours: { $0.exp() }, exact: { exp($0) }),
        Case(name: "log", range: 1e-6...100, units: 2, ours: { $0.log() }, exact: { log($0) }),
        Case(name: "tanh", range: -10...10, units: 3, ours: { $0.tanh() }, exact: { tanh($0) }),
        Case(name: "sigmoid", range: -20...20, units: 4, ours: { $0.sigmoid() }, exact: { 1 / (1 + exp(-$0)) }),
        Case(name: "log1p", range: -0.999...50, units: 4, ours: { $0.log1p() }, exact: { log1p($0) }),
        Case(name: "log1p near 0", range: -1e-4...1e-4, units: 3, ours: { $0.log1p() }, exact: { log1p($0) }),
        Case(name: "expm1", range: -20...80, units: 5, ours: { $0.expm1() }, exact: { expm1($0) }),
        Case(name: "expm1 near 0", range: -1e-2...1e-2, units: 5, ours: { $0.expm1() }, exact: { expm1($0) }),
        Case(
            name: "softplus", range: -20...20, units: 4, ours: { $0.softplus() },
            exact: { $0 > 0 ? $0 + log1p(exp(-$0)) : log1p(exp($0)) }),
    ]

    private func points(_ range: ClosedRange<Double>) -> [Double] {
        (0..<20_011).map { range.lowerBound + (range.upperBound - range.lowerBound) * Double($0) / 20_010 }
    }

    @Test(arguments: cases) func staysWithinItsUnits(_ one: Case) {
        let x = points(one.range).map { Float($0) }
        for (input, result) in zip(x, one.ours(Tensor(x)).scalars(as: Float.self)) {
            let exact = one.exact(Double(input))
            #expect(abs(Double(result) - exact) <= one.units * Double(Float(exact).ulp), "\(one.name)(\(input))")
        }
    }

    /// Near multiples of π the argument's own reduction counts: there the error is bounded by the function's size of 1.
    @Test(arguments: [10.0, 8_000, 100_000]) func sineAndCosineHoldInBothPrecisions(_ reach: Double) {
        let x = points(-reach...reach), single = x.map { Float($0) }
        for (input, (sine, cosine)) in zip(x, zip(Tensor(x).sin().scalars, Tensor(x).cos().scalars)) {
            #expect(
                abs(sine - sin(input)) <= 2 * max(sin(input).ulp, 1e-17)
                    && abs(cosine - cos(input)) <= 2 * max(cos(input).ulp, 1e-17), "\(input)")
        }
        for (input, (sine, cosine)) in zip(single, zip(Tensor(single).sin().scalars, Tensor(single).cos().scalars)) {
            #expect(abs(sine - sin(Double(input))) <= 2e-7 && abs(cosine - cos(Double(input))) <= 2e-7, "\(input)")
        }
    }

    /// Large arguments are the C library's, each by itself: a neighbour in the same block has no part in it.
    @Test func sineAndCosineOfAnElementDoNotDependOnTheOthers() {
        let x = points(-100...100).map { Float($0) }, far = x.map { $0 * 1e4 }
        let alone = Tensor(x).sin().scalars(as: Float.self) + Tensor(far).cos().scalars(as: Float.self)
        let mixed = Tensor(zip(x, far).flatMap { [$0, $1] }), sine = mixed.sin().scalars(as: Float.self)
        let cosine = mixed.cos().scalars(as: Float.self)
        #expect(x.indices.map { sine[2 * $0] } + x.indices.map { cosine[2 * $0 + 1] } == alone)
    }

    @Test func sineOfNaNAndInfinityIsNaN() {
        #expect(Tensor([Double.nan, .infinity, 1]).sin().scalars.map(\.isNaN) == [true, true, false])
        #expect(Tensor([Float.nan, 1, -.infinity]).cos().scalars.map(\.isNaN) == [true, false, true])
    }
}
