/// How often values fall into equal bins.
public struct Histogram: Sendable {
    /// Above the chart and below its axis.
    public let title: String, xLabel: String
    /// Series share the bins and stand side by side.
    public let series: [(name: String, values: [Double])]
    /// How many equal bins the range of all finite values is cut into.
    public let bins: Int

    /// - Parameter series: values of any count; those that are not finite are left out.
    public init(title: String, xLabel: String, series: [(name: String, values: [Double])], bins: Int = 30) {
        self.title = title
        self.xLabel = xLabel
        self.series = series
        self.bins = bins
    }

    /// The chart as an SVG element, 640 wide.
    public var svg: String {
        let all = series.flatMap(\.values).filter(\.isFinite)
        let low = all.min() ?? 0, high = max(all.max() ?? 1, low + 1e-12)
        let counts = series.map { one in
            var count = [Int](repeating: 0, count: bins)
            for value in one.values where value.isFinite {
                count[min(bins - 1, Int((value - low) / (high - low) * Double(bins)))] += 1
            }
            return count
        }
        let x = Axis([low, high], from: 60, to: 620, isTight: true)
        let y = Axis([0] + counts.joined().map(Double.init), from: 250, to: 40)
        var body = ChartFrame.axes(title: title, x: x, y: y, xLabel: xLabel, yLabel: "samples")
        let width = 560 / Double(bins) / Double(max(series.count, 1))
        for (i, count) in counts.enumerated() {
            let colour = ChartFrame.colours[i % ChartFrame.colours.count]
            for (bin, n) in count.enumerated() where n > 0 {
                let left = 60 + (Double(bin * series.count) + Double(i)) * width, top = y.position(Double(n))
                body += ChartFrame.bar(left: left, top: top, width: width, height: 250 - top, colour: colour)
            }
            body += ChartFrame.legend(series[i].name, left: 70 + 140 * i, markHeight: 12, colour: colour)
        }
        return ChartFrame.svg(title: title, body)
    }
}
