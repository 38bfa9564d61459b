import Testing

@testable import Tensors

/// An operation at shapes that have no element, or axes of one.
struct ShapeCase: Sendable, CustomTestStringConvertible {
    let name: String
    let shapes: [Shape]
    let function: @Sendable ([Tensor]) -> Tensor
    var testDescription: String { "\(name) \(shapes)" }

    init(_ name: String, _ shapes: [Shape], _ function: @escaping @Sendable ([Tensor]) -> Tensor) {
        (self.name, self.shapes, self.function) = (name, shapes, function)
    }
}

private let smallShapes: [Shape] = [[], [0], [1], [0, 3], [3, 0], [1, 3], [3, 1], [0, 0], [2, 0, 3], [2, 1, 3]]
private let noIndices = Tensor([] as [Int32]), indices = Tensor([1, 0, 1] as [Int32])

private let shapeTable: [ShapeCase] = {
    var table: [ShapeCase] = []
    for shape in smallShapes {
        table += [
            ShapeCase("unary", [shape]) { ($0[0].tanh() + $0[0].exp()).squared() },
            ShapeCase("binary", [shape, shape]) { $0[0] * $0[1] + $0[0].sin() },
            ShapeCase("with a number", [shape, []]) { $0[0] * $0[1] / 3 },
            ShapeCase("select", [shape, shape]) { select($0[0].step(), $0[0].squared(), $0[1]) },
            ShapeCase("sum", [shape]) { $0[0].squared().sum() },
            ShapeCase("reshape", [shape]) { $0[0].squared().reshaped(to: [$0[0].count, 1]).squared() },
            ShapeCase("permute", [shape]) { $0[0].squared().permuted((0..<$0[0].rank).reversed()).squared() },
            ShapeCase("broadcast", [shape]) {
                $0[0].squared().broadcast(to: Shape([2] + $0[0].shape.extents)).squared()
            },
            ShapeCase("stacked", [shape, shape]) { [$0[0], $0[1], $0[0]].stacked(axis: -1).squared() },
        ]
        for axis in 0..<shape.rank {
            table += [
                ShapeCase("sum over axis \(axis)", [shape]) { $0[0].squared().sum(axes: [axis]).squared() },
                ShapeCase("nothing sliced along axis \(axis)", [shape]) { $0[0].sliced(axis: axis, 0..<0).squared() },
                ShapeCase("padded along axis \(axis)", [shape]) { x in
                    let around = (0..<shape.rank).map { $0 == axis ? 2 : 0 }
                    return x[0].squared().padded(before: around, after: around).squared()
                },
                ShapeCase("concatenated along axis \(axis)", [shape, shape]) {
                    Tensor(concatenating: [$0[0], $0[1].squared()], axis: axis).squared()
                },
                ShapeCase("broadcast along axis \(axis)", [shape]) { x in
                    let one = Shape((0..<shape.rank).map { $0 == axis ? 1 : shape[$0] })
                    return (x[0] * x[0].sum(axes: [axis]).reshaped(to: one)).squared()
                },
            ]
            if shape[axis] > 0 {
                table += [
                    ShapeCase("mean over axis \(axis)", [shape]) { $0[0].mean(axes: [axis]).squared() },
                    ShapeCase("max over axis \(axis)", [shape]) { $0[0].max(axes: [axis]).squared() },
                    ShapeCase("log-sum-exp over axis \(axis)", [shape]) { $0[0].logSumExp(axes: [axis]).squared() },
                ]
            }
        }
        if shape.rank > 0 {
            table += [
                ShapeCase("logSoftmax", [shape]) { $0[0].logSoftmax().squared() },
                ShapeCase("gathered nothing", [shape]) { $0[0].gatheredRows(at: noIndices).sin() },
                ShapeCase("scattered", [shape]) { x in
                    x[0].squared().scatteredAddingRows(
                        at: Tensor([Int32](repeating: 1, count: shape[0])), count: 2
                    ).squared()
                },
            ]
        }
    }
    for m in [0, 1, 3] {
        for k in [0, 1, 2] {
            for n in [0, 1, 2] {
                table += [
                    ShapeCase("product", [[m, k], [k, n]]) { $0[0].product($0[1]).squared() },
                    ShapeCase("product, transposed", [[k, m], [n, k]]) {
                        $0[0].product($0[1], transposingSelf: true, transposingOther: true).squared()
                    },
                    ShapeCase("product of batches", [[2, m, k], [k, n]]) { $0[0].product($0[1]).squared() },
                    ShapeCase("product of broadcast vectors", [[k], [n]]) {
                        $0[0].broadcast(to: [m, k]).product($0[1].broadcast(to: [k, n])).squared()
                    },
                    ShapeCase("a sum of products", [[m, k], [k, n], [n]]) {
                        ($0[0].product($0[1]) + $0[2]).product($0[1], transposingOther: true).squared()
                    },
                ]
            }
            table.append(ShapeCase("matrix times vector", [[m, k], [k]]) { $0[0].product($0[1]).squared() })
            table.append(ShapeCase("vector times matrix", [[m], [m, k]]) { $0[0].product($0[1]).squared() })
        }
    }
    for n in [0, 1, 2] {
        for c in [0, 1] {
            for o in [0, 2] {
                for (stride, padding) in [(1, 0), (1, 1), (2, 1)] {
                    table.append(
                        ShapeCase("convolution by \(stride), \(padding)", [[n, 4, 3, c], [2, 2, c, o]]) {
                            $0[0].convolved(with: $0[1], stride: stride, padding: padding).squared()
                        })
                }
                table.append(
                    ShapeCase("convolution 1x1", [[n, 2, 3, c], [1, 1, c, o]]) {
                        $0[0].convolved(with: $0[1]).squared()
                    })
            }
            table += [
                ShapeCase("max pooling", [[n, 2, 4, c]]) { $0[0].maxPooled(size: 2).squared() },
                ShapeCase("average pooling", [[n, 2, 4, c]]) { $0[0].averagePooled(size: 2).squared() },
            ]
        }
        table.append(
            ShapeCase("cross-entropy", [[n, 3]]) { [n] x in
                x[0].crossEntropy(labels: Tensor([Int32](repeating: 2, count: n))).squared()
            })
    }
    table.append(
        ShapeCase("Σ relu(x‖x) + Σ sin(x at [])", [[6]]) {
            Tensor(concatenating: [$0[0], $0[0]]).relu().sum() + $0[0].gatheredRows(at: noIndices).sin().sum()
        })
    return table
}()

@Suite struct EmptyAndOneSizedTests {
    /// Value, gradient and Hessian-vector products of one program in memory where every bit was set: what a kernel did
    /// not write is not a number, in float32 and in float64.
    private func results(_ row: ShapeCase, _ type: ElementType, fill: UInt8) -> [[Double]] {
        let inputs = row.shapes.map { Tensor.placeholder(shape: $0, elementType: type) }
        let value = row.function(inputs), gradients = gradient(of: value.sum(), withRespectTo: inputs)
        let vectors = row.shapes.enumerated().map { irregular($1, phase: 7 + $0, type) }
        let second = pullback(of: gradients, cotangents: vectors, withRespectTo: inputs)
        let function = CompiledFunction(of: [inputs], to: [[value] + gradients + second])
        let arena = Storage(byteCount: function.temporariesByteCount)
        arena.address.initializeMemory(as: UInt8.self, repeating: fill, count: arena.byteCount)
        let argument = Point(copying: row.shapes.enumerated().map { irregular($1, phase: $0, type) })
        let result = Point(function.results[0])
        result.address.initializeMemory(as: UInt8.self, repeating: fill, count: result.layout.byteCount)
        Replay(function, temporaries: arena)(argument, into: result)
        return result.tensors.map(\.scalars)
    }

    private func irregular(_ shape: Shape, phase: Int, _ type: ElementType) -> Tensor {
        Tensor(
            (0..<shape.count).map { i in
                let t = (Double(i + 1) * 0.6180339887498949 + Double(phase) * 0.7548776662466927)
                return 0.1 + t - t.rounded(.down)
            }, shape: shape
        ).converted(to: type).evaluated()
    }

    @Test(arguments: shapeTable) fileprivate func everyKernelWritesAllOfItsResult(_ row: ShapeCase) {
        let double = results(row, .float64, fill: 0xff), clean = results(row, .float64, fill: 0)
        #expect(double == clean && double.allSatisfy { $0.allSatisfy(\.isFinite) })
        // Float32 holds 24 bits; the values are of the order of 1 to 100.
        for (single, double) in zip(results(row, .float32, fill: 0xff), double) {
            #expect(zip(single, double).allSatisfy { abs($0 - $1) <= 1e-4 * max(1, abs($1)) })
        }
        let point = row.shapes.enumerated().map { irregular($1, phase: $0, .float64) }
        let check = checkGradients(at: point, of: row.function)
        #expect(check.first < 1e-7 && check.second < 1e-6 && check.forward < 1e-11, "\(check)")
    }

    @Test func whatIsAddedOverNothingIsZero() {
        #expect(Tensor([] as [Double], shape: [3, 0]).sum(axes: [0]).shape == [0])
        #expect(Tensor([] as [Float], shape: [3, 0]).sum(axes: [1]).scalars == [0, 0, 0])
        let x = Tensor.placeholder(shape: [2, 0]), y = Tensor.placeholder(shape: [0, 2])
        let none = [Tensor([] as [Float], shape: [2, 0]), Tensor([] as [Float], shape: [0, 2])]
        #expect(Program(inputs: [x, y], outputs: [x.product(y)])(none)[0].scalars == [0, 0, 0, 0])
        let mean = Tensor([] as [Float], shape: [3, 0]).mean(axes: [1])
        #expect(mean.scalars.count == 3 && mean.scalars.allSatisfy { $0.isNaN })
        let a = Tensor([0.5, -0.5, 1, 2, 3, -1] as [Double]), sum = Tensor(concatenating: [a, a]).relu().sum()
        let f = sum + a.gatheredRows(at: noIndices).sin().sum()
        #expect(gradient(of: f, withRespectTo: [a])[0].scalars == [2, 0, 2, 2, 2, 0])
    }

    /// An outer sum of [3, 3, 2, 1] and [0] has no element, and so no derivative with respect to either.
    @Test func broadcastingToNothingHasZeroGradients() {
        let a = Tensor([Double](repeating: 1, count: 18), shape: [3, 3, 2, 1]), b = Tensor([] as [Double])
        let slopes = gradient(of: (a + b).squared().sum(), withRespectTo: [a, b])
        #expect(slopes[0].scalars == [Double](repeating: 0, count: 18) && slopes[1].scalars.isEmpty)
    }
}
