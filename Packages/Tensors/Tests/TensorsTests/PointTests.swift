import Tensors
import Testing

/// Where points enter, layouts are checked once, in release builds too.
@Suite struct PointTests {
    private func expectStop(
        _ result: ExitTest.Result?, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(
            message.contains(expected) && message.contains("PointTests.swift:"), "\(message)",
            sourceLocation: sourceLocation)
    }

    @Test func aPointThatDoesNotFitStopsWithBothLayoutsAndTheCallersLine() async {
        expectStop(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                Point(copying: [Tensor([1.0, 2] as [Double])]).assign([Tensor([1.0, 2, 3] as [Double])])
            }, "tensors ([2] float64) expected, got ([3] float64)")
        expectStop(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                Point(copying: [Tensor([1.0, 2] as [Double])]).copy(from: Point(copying: [Tensor([1, 2] as [Float])]))
            }, "tensors ([2] float64) expected, got ([2] float32)")
        expectStop(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Point(copying: [Tensor([1.0] as [Double])]).dot(
                    Point(copying: [Tensor([1.0] as [Double]), Tensor([2.0] as [Double])]))
            }, "tensors ([1] float64) expected, got ([1] float64, [1] float64)")
    }

    @Test func argumentsAndResultsThatDoNotFitStopWithBothLayoutsAndTheCallersLine() async {
        expectStop(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let replay = Replay(CompiledFunction(of: Tensor([1.0, 2] as [Double])) { $0.squared() })
                replay(
                    Point(copying: [Tensor([1.0] as [Double])]), into: Point(copying: [Tensor([1.0, 2] as [Double])]))
            }, "argument 0: ([2] float64) expected, got ([1] float64)")
        expectStop(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let replay = Replay(CompiledFunction(of: Tensor([1.0, 2] as [Double])) { $0.squared() })
                let point = Point(copying: [Tensor([1.0, 2] as [Double])])
                replay(point, into: point, point)
            }, "1 arguments and 1 results expected, got 1 and 2")
        expectStop(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let replay = Replay(CompiledFunction(of: Tensor([1.0] as [Double])) { $0.squared() })
                let points = PointSequence(PointLayout(of: [Tensor([1.0] as [Double])]), count: 3)
                replay.repeated(3, .each(points, from: 0), into: .each(points, from: 1))
            }, "3 repetitions over 2 points")
    }
}
