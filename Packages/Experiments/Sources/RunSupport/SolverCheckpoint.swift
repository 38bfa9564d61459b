import BilevelOptimization
import Tensors

extension Checkpoint {
    /// The tensors of a solver's state, by their names; its iteration is the run's to note.
    /// - Parameter prefix: before the names, where one checkpoint holds several solvers.
    package mutating func add(_ state: SolverState, under prefix: String = "") {
        for (name, tensor) in state.tensors { add(tensor, as: prefix + name) }
    }
}

extension BilevelSolver {
    /// Goes on from the state that a solver of the same problem and method left in a checkpoint.
    /// - Parameter iteration: how many this solver had done.
    package func restore(
        from checkpoint: Checkpoint, under prefix: String = "", iteration: Int, file: String
    ) throws(CheckpointError) {
        var state = state
        state.iteration = iteration
        for i in state.tensors.indices {
            let (name, tensor) = state.tensors[i]
            state.tensors[i].tensor = try checkpoint.restored(tensor, from: prefix + name, file: file)
        }
        do { try restore(state) } catch {
            throw CheckpointError(expected: "a state of this solver", got: error.description, file: file)
        }
    }
}
