/// What happened in one upper iteration.
public struct IterationReport: Sendable {
    /// Counted from 1.
    public let iteration: Int
    /// k̄, the last step that was differentiated; 0 for methods that unroll nothing.
    public let truncation: Int
    /// F(x, y_k̄), or F(x, y) after the iteration for methods that unroll nothing; NaN where a stochastic method does
    /// not know it.
    public let upperValue: Double
    /// F(x, y_K).
    public let finalUpperValue: Double
    /// ‖dF/dx‖₂ and ‖dF/dy_0‖₂. Methods that unroll nothing give the length of x's move (divided by its step size where
    /// there is one) and 0.
    public let hypergradientNorm: Double
    /// ‖dF/dy_0‖; 0 where the derivative does not go back to it.
    public let initializationGradientNorm: Double
    /// ‖y_K - y_{K-1}‖₂; the length of y's move for methods that unroll nothing.
    public let lowerStepNorm: Double
    /// How the linear system of an implicit hypergradient was solved; nil for the others.
    public let adjoint: AdjointReport?
    /// Seconds in the lower steps and upper values, in the derivative, in the updates.
    public let forwardSeconds: Double
    /// Of the hypergradient.
    public let backwardSeconds: Double
    /// Of the steps of x and z.
    public internal(set) var updateSeconds = 0.0

    /// Also for rows that are read back from a file.
    public init(
        iteration: Int, truncation: Int, upperValue: Double, finalUpperValue: Double, hypergradientNorm: Double,
        initializationGradientNorm: Double,
        lowerStepNorm: Double, adjoint: AdjointReport? = nil, forwardSeconds: Double, backwardSeconds: Double,
        updateSeconds: Double = 0
    ) {
        self.iteration = iteration
        self.truncation = truncation
        self.upperValue = upperValue
        self.finalUpperValue = finalUpperValue
        self.hypergradientNorm = hypergradientNorm
        self.initializationGradientNorm = initializationGradientNorm
        self.lowerStepNorm = lowerStepNorm
        self.adjoint = adjoint
        self.forwardSeconds = forwardSeconds
        self.backwardSeconds = backwardSeconds
        self.updateSeconds = updateSeconds
    }

    /// Of all of it.
    public var seconds: Double { forwardSeconds + backwardSeconds + updateSeconds }
}
