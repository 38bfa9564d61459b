import Tensors

/// The last value of each derivative for each batch, with their means.
public final class BatchMemory {
    /// Of ∇_y f_B, ∇²_yy f_B v, ∇²_xy f_B v; of ∇_y F_B, ∇_x F_B.
    public let gradient: BatchTable, curved: BatchTable, mixed: BatchTable, direct: BatchTable, upper: BatchTable

    /// All batches' derivatives where the iterate stands.
    init(filledAt iterate: StochasticIterate) {
        let lower = iterate.y.layout, above = iterate.x.layout
        gradient = BatchTable(lower, iterate.lowerBatchCount)
        curved = BatchTable(lower, iterate.lowerBatchCount)
        mixed = BatchTable(above, iterate.lowerBatchCount)
        direct = BatchTable(lower, iterate.upperBatchCount)
        upper = BatchTable(above, iterate.upperBatchCount)
        for batch in 0..<iterate.lowerBatchCount {
            iterate.computeLowerDerivatives(batch: batch)
            gradient.remember(iterate.lowerDerivatives.gradient, batch: batch)
            curved.remember(iterate.lowerDerivatives.curved, batch: batch)
            mixed.remember(iterate.lowerDerivatives.mixed, batch: batch)
        }
        for batch in 0..<iterate.upperBatchCount {
            iterate.computeUpperDerivatives(batch: batch)
            direct.remember(iterate.upperDerivatives.lower, batch: batch)
            upper.remember(iterate.upperDerivatives.upper, batch: batch)
        }
    }

    var tables: [(name: String, table: BatchTable)] {
        [("gradient", gradient), ("curved", curved), ("mixed", mixed), ("direct", direct), ("upper", upper)]
    }
}

/// SAGA's table (Defazio et al. 2014): the last value of a quantity for each batch, and their mean.
public final class BatchTable {
    let values: [Point]
    let mean: Point
    /// What was overwritten since `begin`, in order, for taking it back; and the mean before.
    private var overwritten: [(batch: Int, value: Point)] = []
    private var spares: [Point] = []
    private let meanBefore: Point

    init(_ layout: PointLayout, _ batches: Int) {
        values = (0..<batches).map { _ in Point(layout) }
        mean = Point(layout)
        meanBefore = Point(layout)
    }

    /// Puts a batch's quantity in the place of the older one.
    public func remember(_ quantity: Point, batch: Int) {
        let share = 1 / Double(values.count), before = spares.popLast() ?? Point(mean.layout)
        before.copy(from: values[batch])
        overwritten.append((batch, before))
        mean.add(share, quantity)
        mean.add(-share, values[batch])
        values[batch].copy(from: quantity)
    }

    /// variable ← variable - rate (quantity - remembered + mean), and remembers.
    public func move(_ variable: Point, _ rate: Double, quantity: Point, batch: Int) {
        variable.add(-rate, quantity)
        variable.add(rate, values[batch])
        variable.add(-rate, mean)
        remember(quantity, batch: batch)
    }

    /// Marks the place that `takeBack` goes back to.
    func begin() {
        spares += overwritten.map(\.value)
        overwritten.removeAll(keepingCapacity: true)
        meanBefore.copy(from: mean)
    }

    func takeBack() {
        for (batch, value) in overwritten.reversed() { values[batch].copy(from: value) }
        mean.copy(from: meanBefore)
    }
}
