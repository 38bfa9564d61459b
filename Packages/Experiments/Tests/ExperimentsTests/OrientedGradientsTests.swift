import Datasets
import LabelCleaningSupport
import Testing

@Suite struct OrientedGradientsTests {
    /// One picture of 8 x 8, two cells a side, from its formula.
    static func histograms(
        channels: Int = 1, _ pixel: (_ channel: Int, _ y: Int, _ x: Int) -> Float
    ) -> [Float] {
        let floats = (0..<(channels * 64)).map { pixel($0 / 64, $0 % 64 / 8, $0 % 8) }
        let gradients = OrientedGradients(
            of: LabeledSamples(
                form: .pictures(channels: channels, height: 8, width: 8), names: ["a"], labels: [0], classNames: ["k"],
                floats: floats))
        var values = [Float](repeating: -1, count: gradients.valuesPerSample)
        values.withUnsafeMutableBufferPointer { gradients.write([0], to: $0) }
        return values
    }

    /// Sums over the four cells, by direction.
    static func byDirection(_ values: [Float]) -> [Float] {
        (0..<8).map { direction in stride(from: direction, to: 32, by: 8).reduce(0) { $0 + values[$1] } }
    }

    /// A ramp rises everywhere alike: one direction, turned by a quarter when it is.
    @Test func aRampHasTheDirectionInWhichItRises() {
        let right = Self.histograms { _, _, x in Float(x) / 7 }, down = Self.histograms { _, y, _ in Float(y) / 7 }
        let left = Self.histograms { _, _, x in Float(7 - x) / 7 }
        for (values, direction) in [(right, 0), (down, 2), (left, 4)] {
            #expect(values.count == 32 && values.allSatisfy { 0...1 ~= $0 })
            let sums = Self.byDirection(values)
            #expect(sums[direction] > 3.9)  // all four cells reach the cut
            for other in 0..<8 where other != direction { #expect(sums[other] == 0) }
        }
    }

    /// tan⁻¹(1/2) lies 0.59 of the way from the first direction to the second. A cell has 9 pixels with the gradient
    /// (0.02, 0.01), 3 at the border with (0.02, 0), 3 with (0, 0.01).
    @Test func aGradientIsSharedBetweenTheNearestDirections() {
        let sums = Self.byDirection(Self.histograms { _, y, x in Float(2 * x + y) / 200 })
        let inner = 9 * Float(5).squareRoot() * 0.01, share: Float = 0.5903, first = inner * (1 - share) + 3 * 0.02
        #expect(abs(sums[1] / sums[0] - inner * share / first) < 0.01)  // 8 bits a value
        #expect(abs(sums[2] / sums[0] - 3 * 0.01 / first) < 0.01)
        for other in 3..<8 { #expect(sums[other] == 0) }
    }

    @Test func brightnessDoesNotMatterAndContrastHardly() {
        func picture(_ scale: Float, _ offset: Float) -> [Float] {
            Self.histograms { _, y, x in Float((3 * x + 5 * y * y) % 11) / 11 * scale + offset }
        }
        let values = picture(0.5, 0)
        for (a, b) in zip(values, picture(0.5, 0.25)) { #expect(abs(a - b) <= 1 / 255) }
        for (a, b) in zip(values, picture(1, 0)) { #expect(abs(a - b) < 0.1) }
        #expect(Self.histograms { _, _, _ in 0.5 }.allSatisfy { $0 == 0 })
    }

    @Test func theChannelWithTheLargestGradientCounts() {
        let grey = Self.histograms { _, _, x in Float(x) / 7 }
        let colour = Self.histograms(channels: 3) { channel, y, x in channel == 1 ? Float(x) / 7 : Float(y) / 70 }
        // Where x is at the border the green channel has no gradient, and the others' shows.
        #expect(Self.byDirection(colour)[0] > 3.9 && Self.byDirection(grey)[0] > 3.9)
    }
}
