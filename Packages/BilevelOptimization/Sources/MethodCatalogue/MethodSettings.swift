import BilevelOptimization

/// What a method may be told; each uses what it knows.
public struct MethodSettings: Sendable, Hashable {
    /// K.
    public var innerIterations = 40
    /// Step sizes of y, of x, and of z where it is learned.
    public var lowerRate = 0.01, upperRate = 0.1, initializationRate = 0.1
    /// h of T-RHG.
    public var truncationLength = 10
    /// Largest number of conjugate gradient, GMRES or fixed-point iterations, or Neumann terms.
    public var adjointIterations = 20
    /// BDA: the upper level's step below, and its share μ.
    public var aggregationRate = 0.1, aggregationMix = 0.5
    /// γ of PBGD; λ of F2SA at the start and what it gains an iteration.
    public var penalty = 10.0, multiplier = 1.0, multiplierIncrement = 0.1
    /// Whether methods without an initialization of their own (rhg, fhg, t-rhg, bda and the implicit ones) go on from
    /// the last y_K.
    public var isWarmStarted = false
    /// Another choice of k̄ than iaptt-gm's own.
    public var truncation: Truncation?
    /// Whether implicit methods move x along a hypergradient whose linear system was not solved.
    public var acceptsFailedAdjoint = false
    /// Other lower dynamics than the method's own.
    public var dynamics: Dynamics?

    /// The defaults beside each setting.
    public init() {}

    /// For methods that move x and y by one step size, or x on a function as steep as the lower one.
    var jointRate: Double { min(upperRate, lowerRate) }
}
