import Foundation
import Tensors
import Testing

/// Numbers that are not finite, ties, and the ends of functions' domains.
@Suite struct SpecialValueTests {
    @Test(arguments: [ElementType.float32, .float64]) func aClassOfProbabilityZeroDoesNotHarmCrossEntropy(
        _ type: ElementType
    ) {
        let logits = Tensor([0, -Double.infinity, 1], shape: [1, 3]).converted(to: type).evaluated()
        let loss = logits.crossEntropy(labels: Tensor([2] as [Int32])).sum()
        #expect(abs(loss.scalar - 0.31326168751822286) < 1e-7)
        let slope = gradient(of: loss, withRespectTo: [logits])
        let p = 1 / (1 + exp(1.0))
        for (got, exact) in zip(slope[0].scalars, [p, 0, -p]) { #expect(abs(got - exact) < 1e-7) }
        let second = hessianVectorProduct(of: loss, withRespectTo: logits, vector: .ones([1, 3], elementType: type))
        #expect(second.scalars.allSatisfy { abs($0) < 1e-7 })
    }

    @Test(arguments: [ElementType.float32, .float64]) func powersWithTheirExponentAsDataHaveDerivativesAtZero(
        _ type: ElementType
    ) {
        let x = Tensor([0.0, 0, 0, 0] as [Double]).converted(to: type).evaluated(),
            e = Tensor([0.0, 1, 2, 3] as [Double]).converted(to: type).evaluated()
        let y = x.power(e).sum()
        #expect(gradient(of: y, withRespectTo: [x])[0].scalars == [0, 1, 0, 0])
        let ones = Tensor.ones([4], elementType: type)
        #expect(hessianVectorProduct(of: y, withRespectTo: x, vector: ones).scalars == [0, 0, 2, 0])
        #expect(gradient(of: y, withRespectTo: [e])[0].scalars == [0, 0, 0, 0])
        #expect(hessianVectorProduct(of: y, withRespectTo: e, vector: ones).scalars == [0, 0, 0, 0])
    }

    /// At every place of a window, a row, or a run.
    @Test(arguments: [ElementType.float32, .float64]) func noReductionDropsWhatIsNotANumber(_ type: ElementType) {
        for count in [4, 9, 64, 200] {
            for place in 0..<count {
                var values = (0..<count).map { Double(($0 * 7) % 5) }
                values[place] = .nan
                let x = Tensor(values).converted(to: type).evaluated()
                #expect(x.sum().scalar.isNaN && x.max().scalar.isNaN && x.min().scalar.isNaN && x.mean().scalar.isNaN)
                #expect(x.argmax().scalar == Double(place) && x.logSumExp().scalar.isNaN)
                #expect(x.logSoftmax().scalars.allSatisfy { $0.isNaN } && x.norm().scalar.isNaN)
                let table = x.reshaped(to: [count, 1]).broadcast(to: [count, 3])
                #expect(table.max(axes: [0]).scalars.allSatisfy { $0.isNaN })
                #expect(x.simplexThreshold(total: 1).scalar.isNaN)
                guard let side = [2, 3, 8].first(where: { $0 * $0 == count }) else { continue }
                let image = x.reshaped(to: [1, side, side, 1])
                #expect(image.maxPooled(size: side).scalar.isNaN && image.averagePooled(size: side).scalar.isNaN)
                var slope = [Double](repeating: 0, count: count)
                slope[place] = 1
                let leaf = image.evaluated()
                #expect(gradient(of: leaf.maxPooled(size: side).sum(), withRespectTo: [leaf])[0].scalars == slope)
            }
        }
    }

    /// A branch that is not taken has no part in a derivative, however steep it is there.
    @Test func derivativesDoNotLeakFromBranchesNotTaken() {
        func slope(_ x: Double, _ f: (Tensor) -> Tensor) -> Double {
            let leaf = Tensor([x])
            return gradient(of: f(leaf).sum(), withRespectTo: [leaf])[0].scalars[0]
        }
        // Forwards what is steep comes first.
        func push(_ x: Double, _ f: (Tensor) -> Tensor) -> Double {
            let leaf = Tensor([x])
            return pushforward(of: [f(leaf)], tangents: [Tensor([1.0] as [Double])], withRespectTo: [leaf])[0].sum()
                .scalar
        }
        #expect(slope(0) { $0.relu().sqrt() } == 0)
        #expect(slope(-1) { $0.relu().log() } == 0)
        #expect(slope(0) { $0.minimum(-.infinity).squared() } == 0)
        #expect(push(0) { $0.sqrt().clamp(2, 3) } == 0)
        #expect(push(0) { $0.log().maximum(1) } == 0)
        #expect(push(0) { select($0.equal(0), $0 * 2, $0.log()) } == 2)
        #expect(push(0) { Tensor(concatenating: [$0.sqrt(), $0 + 1]).max() } == 1)
    }

    /// In values and derivatives: placed there, not multiplied with a mask of zeros.
    @Test(arguments: [ElementType.float32, .float64]) func aPickedElementsInfiniteCotangentStaysInItsColumn(
        _ type: ElementType
    ) {
        let table = Tensor((0..<6).map { Double($0) }, shape: [3, 2]).converted(to: type).evaluated()
        let roots = table.pickedColumns(at: Tensor([0, 1, 0] as [Int32])).sqrt()  // of 0, 3 and 4
        #expect(gradient(of: roots.sum(), withRespectTo: [table])[0].scalars.map(\.isNaN).allSatisfy { !$0 })
        #expect(gradient(of: roots.sum(), withRespectTo: [table])[0].scalars[..<3] == [.infinity, 0, 0])
        let second = hessianVectorProduct(
            of: roots.sum(), withRespectTo: table, vector: .ones([3, 2], elementType: type))
        #expect(second.scalars[..<3] == [-.infinity, 0, 0] && second.scalars[4] == -1.0 / 32)
    }

    /// Whatever the logits' size; in rows that lie side by side in a vector and in longer ones.
    @Test func logSoftmaxOfEqualLargeLogitsIsExact() {
        for count in [3, 200] {
            for logit in [1e3, 16789.3, -2.5e5] {
                let result = Tensor(repeating: logit, shape: [count], elementType: .float32).evaluated().logSoftmax()
                // The rounding of the sum and of its logarithm.
                #expect(result.scalars.allSatisfy { abs($0 + log(Double(count))) < 1e-6 })
            }
        }
    }

    /// Each window is the mean of its own pixels.
    @Test func poolingKeepsWhatIsNotFiniteInItsWindows() {
        var pixels = (0..<28).map { Double($0) }
        pixels[5] = -.infinity
        let images = Tensor(pixels, shape: [1, 7, 4, 1])
        let means = images.adaptiveAveragePooled(rows: 1, columns: 4).scalars
        #expect(means.map(\.isFinite) == [true, false, true, true])
    }

    @Test func comparisonsOfNumbersFoldAsTheyCompute() {
        let nan = Tensor(.nan), one = Tensor(1.0)
        #expect(nan.maximum(one).scalar.isNaN && one.maximum(nan).scalar.isNaN)
        #expect(nan.minimum(one).scalar.isNaN && one.minimum(nan).scalar.isNaN)
    }

    @Test func argmaxComparesInItsOwnType() {
        #expect(Tensor([-5, -1, -3] as [Int32]).argmax().scalar == 1)
        #expect(Tensor([-5, .min, 7, .max, 7] as [Int32]).argmax().scalar == 3)
    }

    @Test func elementsThatTieShareTheDerivativeOverAnyAxes() {
        let x = Tensor([1.0, 1, 1, 0] as [Double], shape: [2, 1, 2])
        let third = 1.0 / 3
        #expect(gradient(of: x.max(axes: [0, 2]).sum(), withRespectTo: [x])[0].scalars == [third, third, third, 0])
        let y = Tensor([1.0, 1, 0, 2, 1, 0, 2, 2] as [Double], shape: [2, 2, 2])
        #expect(y.max(axes: [0, 2]).scalars == [1, 2] && y.max(axes: [0, 2], keepingAxes: true).shape == [1, 2, 1])
        #expect(
            gradient(of: y.max(axes: [2, 0]).sum(), withRespectTo: [y])[0].scalars
                == [third, third, 0, third, third, 0, third, third])
        #expect(
            gradient(of: (-y).min(axes: [0, 2]).sum(), withRespectTo: [y])[0].scalars
                == [-third, -third, 0, -third, -third, 0, -third, -third])
    }

    @Test func divisionByANumberIsDivision() {
        let x = (1...2000).map { Float($0) * 0.37 }
        for number in [3.0, 7, 10, 49, 0.1, 2, 0.25] {
            let quotients: [Float] = (Tensor(x) / number).scalars()
            #expect(quotients == x.map { $0 / Float(number) })
        }
        let tiny = Double.leastNonzeroMagnitude * 2024
        #expect((Tensor([tiny]) / tiny).scalars == [1])
    }

    @Test func differencesOfWhatIsNotFiniteAreNotNumbers() {
        let x = Tensor([1, Double.infinity, .nan, 0])
        #expect((x - x).scalars.map(\.isNaN) == [false, true, true, false])
        #expect((0 / x).scalars.map(\.isNaN) == [false, false, true, true])
    }

    @Test func isFiniteAndLogSumExpAtTheEnds() {
        let x = Tensor([1, Double.infinity, -.infinity, .nan])
        #expect(x.isFinite().scalars == [1, 0, 0, 0])
        #expect(Tensor([-Double.infinity, -.infinity]).logSumExp().scalar == -.infinity)
        #expect(Tensor([1, Double.infinity]).logSumExp().scalar == .infinity)
        let single = Tensor([1, Double.infinity])
        let eachAlone = single.logSumExp(axes: [])
        #expect(eachAlone.scalars == [1, .infinity])
        #expect(gradient(of: eachAlone.sum(), withRespectTo: [single])[0].scalars == [1, 1])
        #expect(abs(Tensor([1000.0, 1000] as [Double]).logSumExp().scalar - 1000 - log(2)) < 1e-12)
    }

    /// An element's sine depends on the element, not on who stands beside it in a block or a thread.
    @Test(arguments: [ElementType.float32, .float64]) func sinesDoNotDependOnTheirNeighbours(_ type: ElementType) {
        let limit = type == .float32 ? 8192.0 : 1e6
        let near = (0..<600).map { limit * Double($0) / 601 }, mixed = near.map { [$0, limit + $0] }.flatMap { $0 }
        func values(_ x: [Double]) -> [[Double]] {
            let t = Tensor(x).converted(to: type)
            let both = Program(inputs: [], outputs: [t.sin(), t.cos()])([])
            return [t.sin().scalars, t.cos().scalars] + both.map(\.scalars)
        }
        for (alone, beside) in zip(values(near), values(mixed)) {
            #expect(alone == stride(from: 0, to: beside.count, by: 2).map { beside[$0] })
        }
        let far = near.map { limit + $0 }
        for (alone, beside) in zip(values(far), values(mixed)) {
            #expect(alone == stride(from: 1, to: beside.count, by: 2).map { beside[$0] })
        }
    }

    private static let manyNumbers: [Float] = {
        var state: UInt32 = 1
        return (0..<10_000_000).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(state >> 8) / Float(1 << 24)
        }
    }()

    /// 10⁷ float32 numbers, added along every axis of a table. A running sum over all of them loses five digits. The
    /// tree of sums has four levels of at most 128 terms each, and its lowest, of 4096, is vectors of sums in a release
    /// build but runs through in a debug build: errors of the order of √4096 roundings of 2⁻²⁵, 2 · 10⁻⁶ of the sum.
    @Test(arguments: [[10_000_000], [10_000_000, 1], [2_500_000, 4], [5_000, 2_000], [4, 2_500_000]])
    func longSumsKeepTheirDigits(_ extents: [Int]) {
        let values = SpecialValueTests.manyNumbers
        let x = Tensor(values, shape: Shape(extents))
        for axis in extents.indices where extents[axis] > 1 {
            let inner = extents[(axis + 1)...].reduce(1, *), count = extents[axis]
            let sums = x.sum(axes: [axis]).scalars
            for (i, sum) in sums.enumerated() where i % 997 == 0 {
                let start = i / inner * count * inner + i % inner
                let exact = (0..<count).reduce(0.0) { $0 + Double(values[start + $1 * inner]) }
                #expect(abs(sum - exact) <= 3e-6 * exact)
            }
        }
    }
}
