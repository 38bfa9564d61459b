import BilevelOptimization
import NeuralLayers
import Tensors

extension Checkpoint {
    /// The tensors of a solver's state, by their names, and its iteration as a note.
    mutating func add(_ state: SolverState) {
        notes["iteration"] = String(state.iteration)
        for (name, tensor) in state.tensors { add(tensor, as: name) }
    }

    /// A state with the tensors of `template`, which is one of the same solver.
    func restored(_ template: SolverState, file: String) throws(CheckpointError) -> SolverState {
        guard let iteration = Int(notes["iteration"] ?? ""), iteration >= 0 else {
            throw CheckpointError(expected: "an iteration", got: notes["iteration"] ?? "none", file: file)
        }
        var state = template
        state.iteration = iteration
        for i in state.tensors.indices {
            state.tensors[i].tensor = try restored(state.tensors[i].tensor, from: state.tensors[i].name, file: file)
        }
        return state
    }
}
