import Tensors

/// First and second derivatives of one batch; counts how often each was asked for.
final class StochasticOracles<Upper: TensorTree, Lower: TensorTree> {
    /// ∇_y f_B; ∇²_yy f_B v; ∇²_xy f_B v.
    struct LowerDerivatives { let slope: PackedTensors, curved: PackedTensors, mixed: PackedTensors }
    /// ∇_x F_B; ∇_y F_B.
    struct UpperDerivatives { let upper: PackedTensors, lower: PackedTensors }

    let upperBatches: [PackedTensors], lowerBatches: [PackedTensors]
    private(set) var counts = OracleCounts()
    private let slope: Workspace, products: Workspace, curved: Workspace, mixed: Workspace, upperSlopes: Workspace
    private let upperLayout: PackedTensors.Layout, lowerLayout: PackedTensors.Layout

    init(_ problem: StochasticProblem<Upper, Lower>, batchSize: Int, upper: Upper, lower: Lower) {
        func batches(_ count: Int) -> [PackedTensors] {
            stride(from: 0, to: count, by: batchSize).map { first in
                PackedTensors(copying: [Tensor((first..<(first + batchSize)).map { Int32($0) })])
            }
        }
        upperBatches = batches(problem.upperSampleCount)
        lowerBatches = batches(problem.lowerSampleCount)
        let x = upper.placeholders("x"), y = lower.placeholders("y"), v = lower.placeholders("v")
        let samples = Tensor.placeholder("samples", shape: [batchSize], elementType: .int32)
        let f = problem.lowerObjective(x, y, samples), F = problem.upperObjective(x, y, samples)
        let gradient_y = gradient(of: f, withRespectTo: y.tensors), point = x.tensors + y.tensors
        let second = pullback(of: gradient_y, cotangents: v.tensors, withRespectTo: y.tensors + x.tensors)
        let (hessian, cross) = (Array(second[..<y.tensors.count]), Array(second[y.tensors.count...]))
        slope = Workspace(Program(inputs: point + [samples], outputs: gradient_y))
        products = Workspace(Program(inputs: point + [samples] + v.tensors, outputs: gradient_y + hessian + cross))
        curved = Workspace(Program(inputs: point + [samples] + v.tensors, outputs: hessian))
        mixed = Workspace(Program(inputs: point + [samples] + v.tensors, outputs: cross))
        upperSlopes = Workspace(Program(inputs: point + [samples], outputs: gradient(of: F, withRespectTo: point)))
        upperLayout = PackedTensors.Layout(of: x.tensors)
        lowerLayout = PackedTensors.Layout(of: y.tensors)
    }

    func newLower() -> PackedTensors { PackedTensors(lowerLayout) }
    func newUpper() -> PackedTensors { PackedTensors(upperLayout) }
    func newLowerDerivatives() -> LowerDerivatives {
        LowerDerivatives(slope: newLower(), curved: newLower(), mixed: newUpper())
    }
    func newUpperDerivatives() -> UpperDerivatives { UpperDerivatives(upper: newUpper(), lower: newLower()) }

    func slope(_ x: PackedTensors, _ y: PackedTensors, batch: Int, into result: PackedTensors) {
        bind(slope, x, y, lowerBatches[batch], nil)
        slope.bind(outputs: 0, to: result)
        slope.run()
        counts.gradients += 1
    }

    func derivatives(
        _ x: PackedTensors, _ y: PackedTensors, _ v: PackedTensors, batch: Int, into result: LowerDerivatives
    ) {
        bind(products, x, y, lowerBatches[batch], v)
        products.bind(outputs: 0, to: result.slope)
        products.bind(outputs: y.count, to: result.curved)
        products.bind(outputs: 2 * y.count, to: result.mixed)
        products.run()
        counts.gradients += 1
        counts.secondOrderProducts += 2
    }

    func curvedProduct(
        _ x: PackedTensors, _ y: PackedTensors, _ v: PackedTensors, batch: Int, into result: PackedTensors
    ) {
        multiply(curved, x, y, v, batch, result)
    }

    func mixedProduct(
        _ x: PackedTensors, _ y: PackedTensors, _ v: PackedTensors, batch: Int, into result: PackedTensors
    ) {
        multiply(mixed, x, y, v, batch, result)
    }

    private func multiply(
        _ program: Workspace, _ x: PackedTensors, _ y: PackedTensors, _ v: PackedTensors, _ batch: Int,
        _ result: PackedTensors
    ) {
        bind(program, x, y, lowerBatches[batch], v)
        program.bind(outputs: 0, to: result)
        program.run()
        counts.secondOrderProducts += 1
    }

    func upperDerivatives(_ x: PackedTensors, _ y: PackedTensors, batch: Int, into result: UpperDerivatives) {
        bind(upperSlopes, x, y, upperBatches[batch], nil)
        upperSlopes.bind(outputs: 0, to: result.upper)
        upperSlopes.bind(outputs: x.count, to: result.lower)
        upperSlopes.run()
        counts.gradients += 1
    }

    private func bind(
        _ program: Workspace, _ x: PackedTensors, _ y: PackedTensors, _ samples: PackedTensors, _ v: PackedTensors?
    ) {
        program.bind(inputs: 0, to: x)
        program.bind(inputs: x.count, to: y)
        program.bind(inputs: x.count + y.count, to: samples)
        if let v { program.bind(inputs: x.count + y.count + 1, to: v) }
    }
}

/// Calls of batch oracles since the start.
public struct OracleCounts: Sendable, Hashable {
    /// Gradients of F_B or f_B.
    public internal(set) var gradients = 0
    /// Products with ∇²_yy f_B or ∇²_xy f_B.
    public internal(set) var secondOrderProducts = 0
}
