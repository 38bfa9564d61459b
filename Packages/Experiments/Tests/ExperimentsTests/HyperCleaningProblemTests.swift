import BilevelOptimization
import HyperCleaningSupport
import Randomness
import Tensors
import Testing

@Suite struct HyperCleaningProblemTests {
    @Test func theWeightOfASampleThatHelpsRises() throws {
        // Two classes on a line; the third training label is wrong.
        let images = Tensor([1, -1, 1] as [Float], shape: [3, 1])
        let problem = HyperCleaningProblem(
            trainingImages: images, trainingLabels: Tensor([0, 1, 1] as [Int32]),
            validationImages: Tensor([1, -1] as [Float], shape: [2, 1]), validationLabels: Tensor([0, 1] as [Int32]))
        var random = RandomGenerator(seed: 5)
        let network = HyperCleaningNetwork.linear.network(inputs: 1, classes: 2, using: &random)
        let solver = try Solver(
            problem.problem, method: .iapttGM(innerIterations: 10, lowerRate: 0.5, initializationRate: 0.1),
            upperRule: .adam(rate: 0.05), upper: .zeros([3]), lower: network)
        for _ in 0..<50 { _ = try solver.step() }
        let x = solver.upper.scalars
        #expect(x[0] > 0 && x[1] > 0 && x[2] < 0, "weights \(x)")
    }
}
