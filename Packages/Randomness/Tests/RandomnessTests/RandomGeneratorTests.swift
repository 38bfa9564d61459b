import Randomness
import Testing

extension RandomStream {
    fileprivate static let first = RandomStream("first", number: 1), second = RandomStream("second", number: 2)
}

@Suite struct RandomGeneratorTests {
    static let count = 100_000

    func numbers(_ seed: UInt64, _ stream: RandomStream = .main, _ count: Int = count) -> [Double] {
        var random = RandomGenerator(seed: seed, stream: stream)
        return (0..<count).map { _ in random.uniform() }
    }

    @Test("a copy goes on as the original does, and the same seed and stream begin anew")
    func values() {
        var random = RandomGenerator(seed: 3, stream: .first)
        _ = random.next()
        var copy = random
        for _ in 0..<9 { #expect(copy.next() == random.next()) }
        #expect(numbers(3, .first, 20) == numbers(3, .first, 20))
    }

    @Test("uniform numbers fill [0, 1) evenly")
    func uniform() {
        let drawn = numbers(5)
        #expect(drawn.allSatisfy { 0..<1 ~= $0 })
        var cells = [Int](repeating: 0, count: 100)
        for number in drawn { cells[Int(number * 100)] += 1 }
        // χ² with 99 degrees of freedom: mean 99, deviation 14; five of them.
        let expected = Double(Self.count) / 100
        let statistic = cells.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        #expect(statistic > 99 - 70 && statistic < 99 + 70)
    }

    @Test("normal numbers have mean 0, variance 1 and the tails of a normal distribution")
    func normal() {
        var random = RandomGenerator(seed: 6)
        let drawn = (0..<Self.count).map { _ in random.normal() }, n = Double(Self.count)
        let mean = drawn.reduce(0, +) / n, square = drawn.reduce(0) { $0 + $1 * $1 } / n
        let beyondTwo = Double(drawn.count { abs($0) > 2 }) / n
        // Five deviations each: 1/√n for the mean, √(2/n) for the square, √(p(1 - p)/n) for P(|x| > 2) = 0.0455.
        #expect(abs(mean) < 5 / n.squareRoot() && abs(square - 1) < 5 * (2 / n).squareRoot())
        #expect(abs(beyondTwo - 0.0455) < 5 * (0.0455 * 0.9545 / n).squareRoot())
    }

    @Test("streams of one seed, and seeds of one stream, have no number in common and are uncorrelated")
    func independence() {
        let first = numbers(7, .first)
        for other in [numbers(7, .second), numbers(8, .first), numbers(7, .main)] {
            #expect(Set(first).isDisjoint(with: other))
            let covariance = zip(first, other).reduce(0) { $0 + ($1.0 - 0.5) * ($1.1 - 0.5) } / Double(Self.count)
            // A product of two centred uniform numbers has variance 1/144; five deviations of the mean.
            #expect(abs(covariance) < 5 / 12 / Double(Self.count).squareRoot())
        }
    }

    @Test("a stream shows its name")
    func names() { #expect("\(RandomStream.first)" == "first" && RandomStream.main.number == 0) }

    @Test("a generator that is set to a place goes on from there")
    func place() {
        for count in 0..<5 {
            var first = RandomGenerator(seed: 7), second = RandomGenerator(seed: 7)
            for _ in 0..<count { _ = first.next() }
            #expect(first.drawnCount == UInt64(count))
            second.drawnCount = first.drawnCount
            for _ in 0..<3 { #expect(first.next() == second.next()) }
            #expect(first.drawnCount == second.drawnCount)
        }
    }
}
