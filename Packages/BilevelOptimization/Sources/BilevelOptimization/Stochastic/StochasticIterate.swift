import Randomness
import Tensors

/// Where a stochastic method stands, and the derivatives of batches there: what a `StochasticIteration` works with.
///
/// Batches are fixed runs of samples, numbered from 0. Each derivative is written into a point that the caller names.
public final class StochasticIterate {
    /// The variables, moved in place.
    public let x: Point, y: Point, v: Point
    /// The step sizes of this iteration, for y and v, and for x; and that of y and v in the first.
    public internal(set) var lowerRate: Double, upperRate: Double
    /// Before it decays.
    public let firstLowerRate: Double
    /// Room for the derivatives of a batch, and for two points like y.
    public let lowerDerivatives: LowerDerivatives, upperDerivatives: UpperDerivatives
    /// Scratch in y's layout.
    public let product: Point, term: Point
    /// The last derivatives of every batch, where the method asks for them.
    public internal(set) var memory: BatchMemory?

    let oracles: StochasticOracles
    var random: RandomGenerator

    init(_ oracles: StochasticOracles, x: Point, y: Point, rates: StochasticRates, random: RandomGenerator) {
        (self.oracles, self.x, self.y, self.random) = (oracles, x, y, random)
        v = Point(y.layout)
        (lowerRate, upperRate, firstLowerRate) = (rates.lowerRate, rates.upperRate, rates.lowerRate)
        lowerDerivatives = LowerDerivatives(gradient: Point(y.layout), curved: Point(y.layout), mixed: Point(x.layout))
        upperDerivatives = UpperDerivatives(upper: Point(x.layout), lower: Point(y.layout))
        product = Point(y.layout)
        term = Point(y.layout)
    }

    /// Batches of the lower sum.
    public var lowerBatchCount: Int { oracles.lowerBatches.count }
    /// Batches of the upper sum.
    public var upperBatchCount: Int { oracles.upperBatches.count }

    /// A batch of the lower or upper level, uniformly, with replacement.
    public func drawLowerBatch() -> Int { random.integer(below: lowerBatchCount) }
    /// A batch of the upper sum, each as likely as the other.
    public func drawUpperBatch() -> Int { random.integer(below: upperBatchCount) }

    /// ∇_y f_B.
    public func lowerGradient(batch: Int, into result: Point) { oracles.gradient(x, y, batch: batch, into: result) }

    /// ∇_y f_B, ∇²_yy f_B v and ∇²_xy f_B v.
    public func computeLowerDerivatives(batch: Int) {
        oracles.derivatives(x, y, v, batch: batch, into: lowerDerivatives)
    }

    /// ∇_x F_B and ∇_y F_B.
    public func computeUpperDerivatives(batch: Int) {
        oracles.upperDerivatives(x, y, batch: batch, into: upperDerivatives)
    }

    /// ∇²_yy f_B p.
    public func curvedProduct(_ p: Point, batch: Int, into result: Point) {
        oracles.curvedProduct(x, y, p, batch: batch, into: result)
    }

    /// ∇²_xy f_B p.
    public func mixedProduct(_ p: Point, batch: Int, into result: Point) {
        oracles.mixedProduct(x, y, p, batch: batch, into: result)
    }

    // MARK: Moves that methods share

    /// y ← y - rate ∇_y f_B, `count` times.
    public func moveLower(times count: Int) {
        for _ in 0..<count {
            lowerGradient(batch: drawLowerBatch(), into: product)
            y.add(-lowerRate, product)
        }
    }

    /// x ← x - rate (∇_x F_B + ∇²_xy f_B' v), with ∇_x F_B as it was last computed.
    public func moveUpper() {
        mixedProduct(v, batch: drawLowerBatch(), into: lowerDerivatives.mixed)
        x.add(-upperRate, lowerDerivatives.mixed)
        x.add(-upperRate, upperDerivatives.upper)
    }
}

/// ∇_y f_B; ∇²_yy f_B v; ∇²_xy f_B v.
public struct LowerDerivatives { public let gradient: Point, curved: Point, mixed: Point }

/// ∇_x F_B; ∇_y F_B.
public struct UpperDerivatives { public let upper: Point, lower: Point }
