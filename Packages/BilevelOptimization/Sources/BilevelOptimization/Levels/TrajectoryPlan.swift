/// What a solver will hold in memory, known before the run: chosen from a budget in bytes.
///
/// Three ways, by falling memory: states and residuals of the steps that the hypergradient reads, states only (each
/// step's inside is computed again in reverse), and every L-th state only (each stretch of L steps is computed again
/// when the reverse pass reaches it). All give the same bits.
public struct TrajectoryPlan: Sendable, Hashable {
    /// K.
    public let stepCount: Int
    /// The first state that is stored; earlier ones make room for the next at once.
    public let firstState: Int
    /// Steps from one stored state to the next that is kept for the whole run; K - `firstState` when all are.
    public let checkpointInterval: Int
    /// Steps whose residuals are kept.
    public let residualStepCount: Int
    /// Bytes of one state, of one step's residuals, and of everything that K does not multiply.
    public let stateByteCount: Int, residualByteCountPerStep: Int, fixedByteCount: Int

    /// Steps whose states are stored.
    var recordedStepCount: Int { stepCount - firstState }

    /// States that are held at once.
    public var storedStateCount: Int {
        TrajectoryPlan.storedStates(recordedStepCount, checkpointInterval) + (firstState > 0 ? 2 : 0)
    }
    /// Bytes of all buffers.
    public var byteCount: Int {
        fixedByteCount + storedStateCount * stateByteCount + residualStepCount * residualByteCountPerStep
    }

    /// Whether more memory would save computing something again.
    var computesAgain: Bool {
        checkpointInterval < recordedStepCount || residualByteCountPerStep > 0 && residualStepCount < recordedStepCount
    }

    /// What states and residuals are made of.
    struct Sizes {
        let state: Int
        /// Of one step; nil where there are none.
        let residuals: Int?
        /// Of everything that K does not multiply.
        let fixed: Int
    }

    /// Residuals that are kept when nothing is said: 512 MiB.
    static let residualLimit = 512 << 20

    /// - Parameters:
    ///   - budget: bytes for everything; nil keeps all states, and residuals up to `residualLimit`.
    init(
        steps: Int, needs: TrajectoryNeeds, sizes: Sizes, budget: Int?,
        residualLimit: Int = TrajectoryPlan.residualLimit
    ) throws(SolverError) {
        stepCount = steps
        let first = needs.firstState(of: steps)
        firstState = first
        stateByteCount = sizes.state
        residualByteCountPerStep = sizes.residuals ?? 0
        fixedByteCount = sizes.fixed
        let recorded = steps - first
        func residualSteps(_ bytes: Int) -> Int { sizes.residuals.map { min(recorded, bytes / max($0, 1)) } ?? 0 }
        guard let budget else {
            checkpointInterval = recorded
            residualStepCount = residualSteps(residualLimit)
            return
        }
        func stored(_ interval: Int) -> Int {
            (TrajectoryPlan.storedStates(recorded, interval) + (first > 0 ? 2 : 0)) * sizes.state
        }
        let rest = budget - sizes.fixed
        if stored(recorded) <= rest {
            checkpointInterval = recorded
            residualStepCount = residualSteps(rest - stored(recorded))
            return
        }
        let leanest = (1...recorded).min { stored($0) < stored($1) }!
        guard stored(leanest) <= rest else {
            let least = sizes.fixed + stored(leanest)
            throw .budgetTooSmall(needed: least, innerIterations: steps, given: budget)
        }
        // The longest interval that fits needs the fewest copies; all recompute each step once.
        checkpointInterval = (leanest...recorded).last { stored($0) <= rest } ?? leanest
        residualStepCount = 0
    }

    /// A stretch of L + 1 states; where there are several, the first state of each and y_K.
    private static func storedStates(_ steps: Int, _ interval: Int) -> Int {
        interval >= steps ? steps + 1 : interval + 2 + (steps + interval - 1) / interval
    }
}

extension TrajectoryPlan: CustomStringConvertible {
    public var description: String {
        let all = firstState == 0 ? "all states" : "states from step \(firstState) on"
        let kind =
            checkpointInterval < recordedStepCount
            ? "every \(checkpointInterval)th state, stretches computed again"
            : residualStepCount > 0 ? "\(all), residuals of \(residualStepCount) of \(stepCount) steps" : all
        return "\(kind): \(byteCount) bytes"
    }
}
