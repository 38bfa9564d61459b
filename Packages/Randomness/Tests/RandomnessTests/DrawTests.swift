import Randomness
import Testing

/// Gives the numbers of a list in turn.
private struct Replay: RandomNumberGenerator {
    var numbers: [UInt64]
    mutating func next() -> UInt64 { numbers.removeFirst() }
}

@Suite struct DrawTests {
    @Test("integers by multiplication are those that Swift 6's standard library draws")
    func standardLibrary() {
        // Int.random(in: 0..<bound, using:) of Swift 6.3 with RandomGenerator(seed: 42), one after the other. The last
        // bound rejects every fourth number.
        let known: [(bound: Int, drawn: [Int])] = [
            (2, [0, 0, 0, 0, 1]), (10, [7, 6, 3, 8, 2]), (1_000_003, [293_468, 40_606, 743_139, 182_505, 408_086]),
            (
                (3 << 61) + 1,
                [
                    1_254_336_216_555_071_199, 929_452_828_607_110_906, 3_452_408_932_733_570_097,
                    2_741_264_990_224_887_588, 3_433_864_727_157_760_086,
                ]
            ),
        ]
        var random = RandomGenerator(seed: 42)
        for (bound, drawn) in known { #expect(drawn.map { _ in random.integer(below: bound) } == drawn) }

        var ours = RandomGenerator(seed: 9), theirs = ours
        for bound in [1, 2, 3, 10, 1000, 1 << 40, Int.max / 3 * 2, Int.max] {
            for _ in 0..<200 { #expect(ours.integer(below: bound) == Int.random(in: 0..<bound, using: &theirs)) }
        }
    }

    @Test("numbers that some results would have too many of are drawn again")
    func rejection() {
        // 2⁶⁴ = 3 · 6148914691236517205 + 1: one number too many.
        var multiplying = Replay(numbers: [0, 1 << 63])
        #expect(multiplying.integer(below: 3) == 1 && multiplying.numbers.isEmpty)
        var dividing = Replay(numbers: [.max, 5])
        #expect(dividing.remainder(below: 3) == 2 && dividing.numbers.isEmpty)
    }

    @Test("integers below a bound are drawn evenly, by multiplication and by remainder")
    func evenness() {
        var random = RandomGenerator(seed: 10)
        var product = [Int](repeating: 0, count: 6), remainder = product
        for _ in 0..<60_000 {
            product[random.integer(below: 6)] += 1
            remainder[random.remainder(below: 6)] += 1
        }
        // 10,000 each, deviation 91; five of them.
        for counts in [product, remainder] { #expect(counts.allSatisfy { abs($0 - 10_000) < 456 }) }
    }

    @Test("a permutation holds every number once, its beginning is a draw without replacement, all are equally likely")
    func permutations() {
        var random = RandomGenerator(seed: 11)
        #expect(Set(random.permutation(of: 50)) == Set(0..<50))
        #expect(random.permutation(of: 0).isEmpty && random.permutation(of: 9, first: 0).isEmpty)
        let few = random.permutation(of: 1_000, first: 5)
        #expect(Set(few).count == 5 && few.allSatisfy { 0..<1_000 ~= $0 })
        var counts: [[Int]: Int] = [:]
        for _ in 0..<24_000 { counts[random.permutation(of: 4, first: 3), default: 0] += 1 }
        // 24 beginnings, 1,000 each, deviation 31; five of them.
        #expect(counts.count == 24 && counts.values.allSatisfy { abs($0 - 1_000) < 155 })
    }

    @Test("draws are what they were in the first version")
    func unchanged() {
        var random = RandomGenerator(seed: 1, stream: RandomStream("test", number: 3))
        #expect(random.permutation(of: 10) == [9, 3, 0, 8, 6, 5, 2, 4, 1, 7])
        #expect([random.remainder(below: 7), random.remainder(below: 1_000_003)] == [6, 332_222])
    }

    @Test("a bound that makes no sense stops with a message and the caller's place")
    func wrongBounds() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            var random = RandomGenerator(seed: 0)
            _ = random.integer(below: 0)
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("a bound of at least 1 expected, got 0") && text.contains("DrawTests.swift"))
        await #expect(processExitsWith: .failure) {
            var random = RandomGenerator(seed: 0)
            _ = random.permutation(of: 3, first: 4)
        }
    }
}
