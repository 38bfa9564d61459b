import Tensors

/// First and second derivatives of one batch; counts how often each was asked for.
final class StochasticOracles {
    let upperBatches: [Point], lowerBatches: [Point]
    var counts = OracleCounts()
    private let gradient: Replay, products: Replay, curved: Replay, mixed: Replay, upperGradient: Replay

    init<Upper: TensorTree, Lower: TensorTree>(
        _ problem: StochasticProblem<Upper, Lower>, batchSize: Int, upper: Upper, lower: Lower
    ) {
        func batches(_ count: Int) -> [Point] {
            stride(from: 0, to: count, by: batchSize).map { first in
                Point(copying: [Tensor((first..<(first + batchSize)).map { Int32($0) })])
            }
        }
        upperBatches = batches(problem.upperSampleCount)
        lowerBatches = batches(problem.lowerSampleCount)
        let x = upper.placeholders("x"), y = lower.placeholders("y")
        let samples = Tensor.placeholder("samples", shape: [batchSize], elementType: .int32)
        let compilation = Compilation(), point = [x.tensors, y.tensors, [samples]]
        let f = problem.lowerObjective(x, y, samples), F = problem.upperObjective(x, y, samples)
        let first = Tensors.gradient(of: f, withRespectTo: y.tensors)
        let lower = TracedFunction(of: point, to: [first]).pullback(toArguments: [1, 0])
        let direction = lower.arguments.last!, (hessian, cross) = (lower.results[0], lower.results[1])
        func replay(_ arguments: [[Tensor]], _ results: [[Tensor]]) -> Replay {
            Replay(CompiledFunction(of: arguments, to: results, in: compilation))
        }
        gradient = replay(point, [first])
        products = replay(point + [direction], [first, hessian, cross])
        curved = replay(point + [direction], [hessian])
        mixed = replay(point + [direction], [cross])
        let above = TracedFunction(of: point, to: [[F]])
        upperGradient = replay(
            point, [0, 1].map { Tensors.gradient(of: above.results[0][0], withRespectTo: above.arguments[$0]) })
    }

    func gradient(_ x: Point, _ y: Point, batch: Int, into result: Point) {
        gradient(x, y, lowerBatches[batch], into: result)
        counts.gradients += 1
    }

    func derivatives(_ x: Point, _ y: Point, _ v: Point, batch: Int, into result: LowerDerivatives) {
        products(x, y, lowerBatches[batch], v, into: result.gradient, result.curved, result.mixed)
        counts.gradients += 1
        counts.secondOrderProducts += 2
    }

    func curvedProduct(_ x: Point, _ y: Point, _ v: Point, batch: Int, into result: Point) {
        curved(x, y, lowerBatches[batch], v, into: result)
        counts.secondOrderProducts += 1
    }

    func mixedProduct(_ x: Point, _ y: Point, _ v: Point, batch: Int, into result: Point) {
        mixed(x, y, lowerBatches[batch], v, into: result)
        counts.secondOrderProducts += 1
    }

    func upperDerivatives(_ x: Point, _ y: Point, batch: Int, into result: UpperDerivatives) {
        upperGradient(x, y, upperBatches[batch], into: result.upper, result.lower)
        counts.gradients += 1
    }
}

/// Calls of batch oracles since the start.
public struct OracleCounts: Sendable, Hashable {
    /// Gradients of F_B or f_B.
    public internal(set) var gradients = 0
    /// Products with ∇²_yy f_B or ∇²_xy f_B.
    public internal(set) var secondOrderProducts = 0
}
