import BilevelOptimization
import Tensors
import Testing

/// What goes into a solver fits, or is refused with nothing changed.
@Suite struct SolverValueTests {
    private func message(_ result: ExitTest.Result?) -> String {
        String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    }

    @Test(arguments: SolverKind.allCases, Misfit.allCases)
    func aVariableThatDoesNotFitStopsWithBothLayouts(_ kind: SolverKind, _ misfit: Misfit) async {
        let upper = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            [kind = kind as SolverKind, misfit = misfit as Misfit] in
            try kind.solver().upper = misfit.tensors
        }
        let expected = "tensors ([3] float64, [2] float64) expected, got \(misfit.layout)"
        #expect(message(upper).contains("upper: \(expected)"))
        let start = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            [kind = kind as SolverKind, misfit = misfit as Misfit] in
            try kind.solver().initialization = misfit.tensors
        }
        #expect(message(start).contains("initialization: \(expected)"))
    }

    @Test(arguments: SolverKind.allCases) func variablesThatFitAreTaken(_ kind: SolverKind) throws {
        let solver = try kind.solver(),
            x = [Tensor([0.01, 0.02, 0.03] as [Double]), Tensor([0.04, 0.05] as [Double])]
        solver.upper = x
        solver.initialization = x.map { ($0 * 0.5).evaluated() }
        #expect(solver.upper.map(\.scalars) == x.map(\.scalars))
        #expect(solver.initialization.map(\.scalars) == x.map { $0.scalars.map { $0 * 0.5 } })
        _ = try solver.step()
    }

    @Test func aTasksDataThatDoNotFitStopWithBothLayoutsAndTheCallersLine() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let solver = try #require(
                try SolverKind.meta.solver() as? MetaSolver<[Tensor], Tensor, [Tensor], [Tensor]>)
            _ = try solver.step { _, data in data.assign([Tensor([1.0, 2, 3] as [Double])]) }
        }
        #expect(message(result).contains("tensors ([1] float64) expected, got ([3] float64)"))
        #expect(message(result).contains("SolverValueTests.swift:"))
    }

    // MARK: States

    @Test(arguments: SolverKind.allCases) func aStateThatDoesNotFitIsRefusedAndChangesNothing(_ kind: SolverKind) throws
    {
        let solver = try kind.solver(), other = try kind.solver()
        _ = try solver.step()
        for _ in 0..<2 { _ = try other.step() }
        let before = SolverSnapshot(solver), good = other.state
        func expectRefusal(_ change: (inout SolverState) -> Void) {
            var state = good
            change(&state)
            #expect {
                try solver.restore(state)
            } throws: {
                if case SolverError.unfittingState = $0 { true } else { false }
            }
            #expect(SolverSnapshot(solver) == before)
        }
        for i in good.tensors.indices {
            let tensor = good.tensors[i].tensor, type = tensor.elementType
            expectRefusal { $0.tensors[i].tensor = .zeros([tensor.count + 1], elementType: type) }
            expectRefusal { $0.tensors[i].tensor = .zeros([0], elementType: type) }
            expectRefusal { $0.tensors[i].tensor = .zeros(tensor.shape, elementType: .float32) }
            expectRefusal { $0.tensors[i].name += "?" }
            expectRefusal { $0.tensors.remove(at: i) }
            expectRefusal { $0.tensors.append($0.tensors[i]) }
        }
        expectRefusal { $0.tensors.append(("more", Tensor([1.0] as [Double]))) }
        expectRefusal { $0.tensors = [] }
        expectRefusal { $0.iteration = -1 }
        for other in SolverKind.allCases where other != kind {
            let state = try other.solver().state
            expectRefusal { $0 = state }
        }
    }

    /// A file keeps its own order.
    @Test(arguments: SolverKind.allCases) func aStateIsTakenInAnyOrder(_ kind: SolverKind) throws {
        let first = try kind.solver(), second = try kind.solver()
        for _ in 0..<2 { _ = try first.step() }
        var state = first.state
        state.tensors.sort { $0.name > $1.name }
        try second.restore(state)
        #expect(second.iteration == 2)
        #expect(second.state.tensors.map(\.tensor.scalars) == first.state.tensors.map(\.tensor.scalars))
        #expect(second.hypergradient.allSatisfy { $0.scalars.allSatisfy { $0 == 0 } })
        #expect(second.lower.map(\.scalars) == first.lower.map(\.scalars))
    }

    // MARK: Steps that fail

    /// The objective becomes NaN after some iterations. Setting the variables back, the solver goes on.
    @Test(arguments: SolverKind.allCases) func aStepThatThrowsLeavesEveryValueAsItWas(_ kind: SolverKind) throws {
        let solver = try kind.solver()
        var before = SolverSnapshot(solver), failure: SolverError?
        for _ in 0..<500 where failure == nil {
            before = SolverSnapshot(solver)
            do { _ = try solver.step() } catch { failure = error }
        }
        guard case .notFinite(_, let iteration)? = failure else {
            Issue.record("no iteration failed as it should: \(String(describing: failure))")
            return
        }
        #expect(iteration > 2 && iteration == before.iteration + 1)
        #expect(SolverSnapshot(solver) == before && before.isFinite)
        #expect(throws: SolverError.self) { try solver.step() }
        #expect(SolverSnapshot(solver) == before)
        let start = try kind.solver()
        try solver.restore(start.state)
        #expect(try solver.step().hypergradientNorm == start.step().hypergradientNorm)
        #expect(SolverSnapshot(solver).isSame(butForCountsAs: SolverSnapshot(start)))
    }

    @Test(arguments: SolverKind.allCases) func aSolverThatFailsAtOnceStandsAtItsStart(_ kind: SolverKind) throws {
        let solver = try kind.solver()
        solver.upper = [Tensor([1.0, 1, 1] as [Double]), Tensor([1.0, 1] as [Double])]
        solver.initialization = solver.upper
        let before = SolverSnapshot(solver)
        #expect(throws: SolverError.self) { try solver.step() }
        #expect(SolverSnapshot(solver) == before && before.isFinite)
    }
}
