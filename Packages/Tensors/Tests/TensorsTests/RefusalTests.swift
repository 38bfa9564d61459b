import Foundation
import Tensors
import Testing

/// What stops a program says the operation, what it was given, and its caller's file and line, in release builds too.
/// Each body runs in a process of its own.
@Suite struct RefusalTests {
    /// - Parameter line: where this file asked for what was refused (in the body of such a test, the line where the
    /// expectation begins); nil where nobody can know.
    private func expectMessage(_ result: ExitTest.Result?, _ parts: [String], line: Int?) {
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        let place = line.map { ", at TensorsTests/RefusalTests.swift:\($0)\n" }
        for part in parts + (place.map { [$0] } ?? []) { #expect(text.contains(part), "\(part) in: \(text)") }
    }

    @Test func matrixProduct() async {
        let line = #line + 1
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1.0, 2] as [Double], shape: [1, 2]).product(Tensor([1.0, 2, 3] as [Double], shape: [3, 1]))
        }
        expectMessage(result, ["matrixProduct: [1x2] float64 and [3x1] float64"], line: line)
    }

    @Test func elementwise() async {
        let line = #line + 1
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1.0, 2] as [Double]).maximum(Tensor([1.0, 2, 3] as [Double]))
        }
        expectMessage(result, ["maximum: operands [2] float64 and [3] float64"], line: line)
    }

    /// An operator cannot know its caller.
    @Test func operators() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1.0, 2] as [Double]) + Tensor([1, 2] as [Float])
        }
        expectMessage(result, ["add: operands [2] float64 and [2] float32"], line: nil)
    }

    @Test func reshape() async {
        let line = #line + 1
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1.0, 2, 3] as [Double]).reshaped(to: [2, 2])
        }
        expectMessage(result, ["reshape: [3] to [2x2]"], line: line)
    }

    @Test func windowsLargerThanThePaddedImage() async {
        var line = #line + 1
        let pooling = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1.0] as [Double], shape: [1, 1, 1, 1]).maxPooled(size: 2)
        }
        expectMessage(
            pooling, ["maxPooled: a window of 2x2", "images [1x1x1x1]"], line: line)
        line = #line + 1
        let convolution = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([1, 2, 2, 1]).convolved(with: .zeros([3, 3, 1, 1]), stride: 2)
        }
        expectMessage(
            convolution, ["convolution: a window of 3x3", "images [1x2x2x1]"], line: line)
        line = #line + 1
        let average = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([1, 2, 1, 1]).averagePooled(size: 2)
        }
        expectMessage(average, ["averagePooled: a window of 2x2", "images [1x2x1x1]"], line: line)
    }

    /// Found when the values are known, named for where the operation was asked for.
    @Test func labelsAndIndicesOutsideTheirRange() async {
        var line = #line + 1
        let label = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ =
                Tensor([1.0, 2, 3, 4] as [Double], shape: [2, 2]).crossEntropy(labels: Tensor([0, 2] as [Int32]))
                .scalars
        }
        expectMessage(label, ["label 2 at 1, the classes are 0 ..< 2"], line: line)
        line = #line + 1
        let index = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1.0, 2] as [Double]).gatheredRows(at: Tensor([-1] as [Int32])).scalars
        }
        expectMessage(
            index, ["gatherRows: index -1 at 0, the table has rows 0 ..< 2"], line: line)
        line = #line + 1
        let target = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1.0] as [Double]).scatteredAddingRows(at: Tensor([3] as [Int32]), count: 3).scalars
        }
        expectMessage(
            target, ["scatterAddRows: index 3 at 0, the result has rows 0 ..< 3"], line: line)
    }

    @Test func reductionsOverNothing() async {
        let line = #line + 1
        let argmax = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([] as [Double], shape: [2, 0]).argmax()
        }
        expectMessage(argmax, ["argmax: over axes [1] of shape [2x0]"], line: line)
    }

    /// Int32 has no arithmetic: nothing reads its bits as those of a float.
    @Test func int32WhereNumbersAreNeeded() async {
        var line = #line + 1
        let sum = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1, 2] as [Int32]).sum()
        }
        expectMessage(sum, ["sum: of [2] int32"], line: line)
        line = #line + 1
        let scatter = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1, 2] as [Int32]).scatteredAddingRows(at: Tensor([0, 1] as [Int32]), count: 2)
        }
        expectMessage(scatter, ["scatterAddRows: rows [2] int32"], line: line)
        line = #line + 1
        let oneHot = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1, 0] as [Int32]).oneHot(classes: 2, elementType: .int32)
        }
        expectMessage(oneHot, ["oneHot: labels [2] int32, 2 classes in int32"], line: line)
        line = #line + 1
        let pooled = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1, 2, 3, 4] as [Int32], shape: [1, 2, 2, 1]).maxPooled(size: 2)
        }
        expectMessage(pooled, ["maxPooled: images [1x2x2x1] int32"], line: line)
    }

    @Test func gradientsOfWhatIsNoScalar() async {
        let line = #line + 1
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let x = Tensor([1.0, 2] as [Double])
            _ = gradient(of: x.exp(), withRespectTo: [x])
        }
        expectMessage(result, ["gradient: of shape [2]"], line: line)
    }
}
