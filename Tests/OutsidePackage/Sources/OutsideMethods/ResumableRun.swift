import BilevelOptimization
import Foundation
import Tensors

/// A solver's iterations with a checkpoint in a safetensors file: started anew, or gone on with to the same bits.
public struct ResumableRun<Solver: BilevelSolver> {
    public let solver: Solver, file: String

    /// Goes on from `file` where there is one.
    /// - Parameter solver: a new one, of the same problem and method as in the run before.
    public init(_ solver: Solver, file: String) throws {
        (self.solver, self.file) = (solver, file)
        guard FileManager.default.fileExists(atPath: file) else { return }
        let checkpoint = try Checkpoint(path: file), iteration = checkpoint.notes["iteration"]
        guard let iteration = iteration.flatMap({ Int($0) }) else {
            throw CheckpointError(expected: "a solver's state", got: "no iteration", file: file)
        }
        try solver.restore(SolverState(iteration: iteration, tensors: checkpoint.tensors))
    }

    /// Steps up to `iterations` in all, and writes a checkpoint after each.
    public func run(upTo iterations: Int) throws {
        while solver.iteration < iterations {
            _ = try solver.step()
            let state = solver.state
            try Checkpoint(tensors: state.tensors, notes: ["iteration": "\(state.iteration)"]).write(to: file)
        }
    }
}
