/// What a solver will hold in memory, known before the run: chosen from a budget in bytes.
///
/// Three ways, by falling memory: states and expensive values of every step ("residuals"), states only (each step's
/// inside is computed again in reverse), and every L-th state only (each stretch of L steps is computed again when the
/// reverse pass reaches it). All give the same bits.
public struct TrajectoryPlan: Sendable, Hashable {
    /// K.
    public let stepCount: Int
    /// Steps from one stored state to the next that is kept for the whole run; K when all are.
    public let checkpointInterval: Int
    /// Steps whose expensive values are kept.
    public let keptStepCount: Int
    /// Bytes of one state, of one step's kept values, and of everything that K does not multiply.
    public let stateByteCount: Int, keptByteCountPerStep: Int, fixedByteCount: Int

    public var storedStateCount: Int { TrajectoryPlan.storedStates(stepCount, checkpointInterval) }
    /// Bytes of all buffers.
    public var byteCount: Int {
        fixedByteCount + storedStateCount * stateByteCount + keptStepCount * keptByteCountPerStep
    }

    /// - Parameter budget: bytes for everything; nil keeps all states, and expensive values up to 512 MiB.
    init(steps: Int, stateByteCount: Int, keptByteCountPerStep: Int?, fixedByteCount: Int, budget: Int?)
        throws(SolverError)
    {
        stepCount = steps
        self.stateByteCount = stateByteCount
        self.keptByteCountPerStep = keptByteCountPerStep ?? 0
        self.fixedByteCount = fixedByteCount
        func kept(_ bytes: Int) -> Int { keptByteCountPerStep.map { min(steps, bytes / max($0, 1)) } ?? 0 }
        guard let budget else {
            checkpointInterval = steps
            keptStepCount = kept(512 << 20)
            return
        }
        let rest = budget - fixedByteCount, all = TrajectoryPlan.storedStates(steps, steps) * stateByteCount
        if all <= rest {
            checkpointInterval = steps
            keptStepCount = kept(rest - all)
            return
        }
        let interval = (1...steps).min {
            TrajectoryPlan.storedStates(steps, $0) < TrajectoryPlan.storedStates(steps, $1)
        }!
        let least = TrajectoryPlan.storedStates(steps, interval) * stateByteCount
        guard least <= rest else {
            throw .invalidMethod(
                "memory budget: at least \(fixedByteCount + least) bytes expected for K = \(steps), got \(budget)")
        }
        // The longest interval that fits needs the fewest copies; all recompute each step once.
        checkpointInterval =
            (interval...steps).last { TrajectoryPlan.storedStates(steps, $0) * stateByteCount <= rest } ?? interval
        keptStepCount = 0
    }

    /// A stretch of L + 1 states; where there are several, the first state of each and y_K.
    private static func storedStates(_ steps: Int, _ interval: Int) -> Int {
        interval >= steps ? steps + 1 : interval + 2 + (steps + interval - 1) / interval
    }
}

extension TrajectoryPlan: CustomStringConvertible {
    public var description: String {
        let kind =
            checkpointInterval < stepCount
            ? "every \(checkpointInterval)th state, stretches computed again"
            : keptStepCount > 0
                ? "all states, expensive values of \(keptStepCount) of \(stepCount) steps" : "all states"
        return "\(kind): \(byteCount) bytes"
    }
}
