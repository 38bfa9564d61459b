/// A linear scale with ticks at 1, 2 or 5 times a power of ten.
struct Axis {
    let low: Double, high: Double
    let ticks: [Double]
    private let pixels: (from: Double, to: Double)

    /// - Parameters:
    ///   - from: the pixel of the low end; `to`: of the high end.
    ///   - isTight: keep to the values instead of widening to ticks.
    init(_ values: [Double], from: Double, to: Double, isTight: Bool = false) {
        var low = values.min() ?? 0, high = values.max() ?? 1
        if high - low <= abs(high) * 1e-12 { (low, high) = (low - max(abs(low), 1) / 2, high + max(abs(high), 1) / 2) }
        let rough = (high - low) / 5
        var power = 1.0
        while power > rough { power /= 10 }
        while power * 10 <= rough { power *= 10 }
        let step = [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? power
        if !isTight { (low, high) = ((low / step).rounded(.down) * step, (high / step).rounded(.up) * step) }
        let first = (low / step).rounded(.up), last = (high / step).rounded(.down)
        ticks = stride(from: first, through: last, by: 1).map { $0 * step }
        self.low = low
        self.high = high
        pixels = (from, to)
    }

    func position(_ value: Double) -> Double { pixels.from + (value - low) / (high - low) * (pixels.to - pixels.from) }
}
