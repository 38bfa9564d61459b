import Foundation
import RandomGraphs
import Tensors
import Testing

/// Random graphs without PyTorch; `Tools/differential` compares many more with it.
@Suite struct RandomGraphTests {
    private static let seeds = Array(UInt64(1)...280)
    private static func operations(_ seed: UInt64) -> Int { 1 + Int(seed % 8) }

    /// Central differences with step 1e-5 err by 1e-10 times the third derivative (of the gradient: the fourth) and
    /// 1e-16/1e-5 times the value, at most 20: 2e-9 was the largest error seen. A wrong derivative differs in its first
    /// digits.
    @Test(arguments: seeds) func derivativesOfRandomGraphsAgreeWithFiniteDifferencesToSecondOrder(seed: UInt64) throws {
        let graph = RandomGraph.draw(seed: seed, operations: Self.operations(seed))
        let check = checkGradients(at: graph.variables) { inputs in
            var rest = inputs[...]
            let outputs = try! graph.outputTensors { leaf, value in leaf.leaf == .variable ? rest.removeFirst() : value
            }
            return Tensor(concatenating: outputs.map { $0.reshaped(to: [$0.count]) })
        }
        #expect(check.first < 1e-7, "first order, \(graph.line)")
        #expect(check.second < 1e-6, "second order, \(graph.line)")
        #expect(check.forward < 1e-12, "forward against reverse mode, \(graph.line)")
    }

    @Test(arguments: UInt64(1)...24) func moreThreadsGiveTheSameBitsOnTensorsCutIntoPieces(seed: UInt64) throws {
        let graph = RandomGraph.draw(seed: seed, operations: 4, size: .large)
        let pools = [1: ThreadPool(threadCount: 1), 2: ThreadPool(threadCount: 2), 3: ThreadPool(threadCount: 3)]
        for programs in [GraphEvaluation.Programs.together, .separately] {
            let evaluation = GraphEvaluation(programs: programs, threads: [1, 2, 3])
            #expect(try graph.results(evaluation) { pools[$0]! }.hasSameBits, "\(programs), \(graph.line)")
        }
    }

    @Test func everyOperationIsDrawn() {
        let drawn = Set(
            Self.seeds.flatMap { seed in
                RandomGraph.draw(seed: seed, operations: Self.operations(seed)).nodes.compactMap { node in
                    if case .application(let application) = node { application.operation } else { nil }
                }
            })
        #expect(Set(GraphOperation.allCases).subtracting(drawn).isEmpty)
    }

    @Test func aGraphIsItsLineOfJSON() throws {
        let graph = RandomGraph.draw(seed: 3, operations: 8)
        #expect(try JSONDecoder().decode(GraphDescription.self, from: Data(graph.line.utf8)).line == graph.line)
    }
}

extension GraphDescription {
    /// The values of the variables.
    fileprivate var variables: [Tensor] {
        nodes.compactMap { node in
            if case .leaf(let leaf) = node, leaf.leaf == .variable { leaf.tensor(type: type) } else { nil }
        }
    }

    /// As `Tools/differential --replay` reads it, but for the evaluation.
    fileprivate var line: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try! encoder.encode(self), as: UTF8.self)
    }
}
