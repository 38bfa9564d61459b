import BilevelOptimization

/// The runs of the paper's other figures, whatever was asked for: a long trajectory, lower steps without projection,
/// and the convex example with and without acceleration.
final class NumericalCompanions {
    /// What they came to.
    struct Results {
        let longTrajectory: NumericalResult
        let withoutProjection: [NumericalResult]
        let convex: [NumericalResult]
    }

    private let longTrajectory: NumericalRun
    private let withoutProjection: [NumericalRun]
    private let convex: [NumericalRun]

    init() throws(SolverError) {
        var long = NumericalConfiguration(.nonconvex), free = long
        long.settings.innerIterations = 100
        free.isProjected = false
        longTrajectory = try NumericalRun(long, method: .iapttGM, start: (1, 2))
        withoutProjection = [
            try NumericalRun(free, method: .iaGM, start: (1, 2)),
            try NumericalRun(free, method: .iapttGM, start: (1, 2)),
        ]
        let pair = NumericalConfiguration(.convex)
        convex = [
            try NumericalRun(pair, method: .iaGM, start: pair.starts[0]),
            try NumericalRun(pair, method: .iaGMAccelerated, start: pair.starts[0]),
        ]
    }

    /// 500 iterations of each, or as many as there is time for.
    func run(isStopped: () -> Bool) {
        for run in [longTrajectory] + withoutProjection + convex {
            for _ in 0..<500 where !isStopped() { if !run.step() { break } }
        }
    }

    var results: Results {
        Results(
            longTrajectory: longTrajectory.result, withoutProjection: withoutProjection.map(\.result),
            convex: convex.map(\.result))
    }
}
