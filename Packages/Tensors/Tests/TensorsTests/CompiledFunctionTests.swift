import Testing

@testable import Tensors

@Suite struct CompiledFunctionTests {
    private let value = Tensor(repeating: 0.1, shape: [16, 16]).evaluated()

    @Test func replaysThatTakeTurnsShareTheirTemporaries() {
        let a = Tensor.placeholder("a", shape: [16, 16])
        let functions = [a.product(a.tanh()).exp(), a.exp().product(a)].map { CompiledFunction(of: [[a]], to: [[$0]]) }
        let temporaries = Storage(byteCount: functions.map(\.temporariesByteCount).max()!)
        let argument = Point(copying: [value]), result = Point(argument.layout)
        for function in functions {
            Replay(function, temporaries: temporaries)(argument, into: result)
            #expect(result.tensors[0].scalars == function([value])[0][0].scalars)
        }
    }

    @Test func aFunctionIsTracedFromTreesAndRunOnPoints() {
        let step = CompiledFunction(
            of: [Tensor([1.0, 2] as [Double]), Tensor([3.0] as [Double])], Tensor([0.0] as [Double])
        ) { state, rate in
            [state[0] - rate * state[0], state[1] + 1]
        }
        let state = Point(copying: [Tensor([1.0, 2] as [Double]), Tensor([3.0] as [Double])]),
            next = Point(state.layout)
        Replay(step)(state, Point(copying: [Tensor([0.5] as [Double])]), into: next)
        #expect(next.tensors.map(\.scalars) == [[0.5, 1], [4]])
        #expect(next.part(1..<2).tensors[0].scalars == [4])
    }

    /// A program of one chain, which runs in one call, and one of several instructions.
    @Test(arguments: [1, 3, 70]) func repetitionsWalkAsSingleRunsWould(_ count: Int) {
        let s = Tensor.placeholder("s", shape: [count], elementType: .float64)
        let g = Tensor.placeholder("g", shape: [count], elementType: .float64)
        for body in [(s * 0.9 + g.sin()), s * 0.5 + g.sin().sum()] {
            let step = CompiledFunction(of: [[s], [g]], to: [[body], [g + s]])
            let replay = Replay(step), states = PointSequence(step.arguments[0], count: 6)
            let a = Point(step.arguments[1]), b = Point(step.arguments[1])
            states[0].assign([Tensor((0..<count).map { 0.1 * Double($0) })])
            a.assign([Tensor((0..<count).map { 1 - 0.2 * Double($0) })])
            var expected = (states[0].tensors, a.tensors)
            replay.repeated(
                5, .each(states, from: 0), .alternating(a, b), into: .each(states, from: 1), .alternating(b, a))
            for k in 1...5 {
                let next = step(expected.0, expected.1)
                expected = (next[0], next[1])
                #expect(states[k].tensors[0].scalars == expected.0[0].scalars)
            }
            #expect(b.tensors[0].scalars == expected.1[0].scalars)
            // Back again over the same states.
            let sums = PointSequence(step.results[0], count: 6), last = Point(step.results[1])
            replay.repeated(
                6, .each(states, from: 5, by: -1), .fixed(a), into: .each(sums, from: 0), .fixed(last))
            #expect(last.tensors[0].scalars == step(states[0].tensors, a.tensors)[1][0].scalars)
        }
    }

    @Test func aLinearizationHandsResidualsOverWhereThatPays() {
        let w = Tensor.placeholder("w", shape: [64, 512]), x = Tensor.placeholder("x", shape: [512, 512])
        let traced = TracedFunction(of: [[w], [x]], to: [[w.product(x).tanh()]])
        let kept = Linearization(of: traced, withRespectTo: [0], residualPrice: 1)
        #expect(kept.keeping?.layout == PointLayout(of: [w.product(x)]))
        #expect(Linearization(of: traced, withRespectTo: [0], residualPrice: nil).keeping == nil)
        #expect(Linearization(of: traced, withRespectTo: [0], residualPrice: 1 << 20).keeping == nil)
    }

    @Test func constantsOfFunctionsThatAreCompiledTogetherAreFoldedOnce() {
        let images = Tensor((0..<4096).map { Float($0) }, shape: [64, 64]).evaluated()
        let x = Tensor.placeholder("x", shape: [64, 64]), compilation = Compilation()
        func normalised() -> Tensor { (images - 5) * 0.01 }
        let one = CompiledFunction(of: [[x]], to: [[normalised().product(x)]], in: compilation)
        let bytes = compilation.byteCount
        let other = CompiledFunction(of: [[x]], to: [[x.product(normalised())]], in: compilation)
        #expect(bytes >= 4 * 4096 && compilation.byteCount == bytes)
        #expect(one.program.constants[0] === other.program.constants[0])
    }
}
