/// Charts as inline SVG: no script, colours that colour-blind readers can tell apart (Okabe and Ito 2008).
public struct LineChart: Sendable {
    /// A line with a name.
    public struct Series: Sendable {
        /// As the legend has it.
        public let name: String
        /// In the order in which the line goes.
        public let points: [(x: Double, y: Double)]

        /// A line through points, in their order.
        public init(_ name: String, _ points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points
        }

        /// Means of `size` points that follow each other, at the last one's x: for values that jump from point to
        /// point.
        public func averaged(over size: Int) -> Series {
            Series(
                name,
                stride(from: 0, to: points.count, by: max(size, 1)).map { first in
                    let part = points[first..<min(first + max(size, 1), points.count)]
                    return (part.last!.x, part.reduce(0) { $0 + $1.y } / Double(part.count))
                })
        }
    }

    /// Above the chart, below and beside its axes.
    public let title: String, xLabel: String, yLabel: String
    /// The lines, each in a colour of its own.
    public let series: [Series]

    /// A chart whose axes fit all finite points.
    public init(title: String, xLabel: String, yLabel: String, series: [Series]) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.series = series
    }

    /// Points that are not finite break the line; one that has no neighbour is a dot.
    public var svg: String {
        let finite = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
        let x = Axis(finite.map(\.x), from: 60, to: 620, isTight: true), y = Axis(finite.map(\.y), from: 250, to: 40)
        var body = ChartFrame.axes(title: title, x: x, y: y, xLabel: xLabel, yLabel: yLabel)
        for (i, one) in series.enumerated() {
            let colour = ChartFrame.colours[i % ChartFrame.colours.count]
            let places = one.points.map { point in
                point.x.isFinite && point.y.isFinite
                    ? (ChartFrame.text(x.position(point.x)), ChartFrame.text(y.position(point.y))) : nil
            }
            var path = ""
            for (i, place) in places.enumerated() {
                guard let place else { continue }
                let follows = i > 0 && places[i - 1] != nil, goesOn = i + 1 < places.count && places[i + 1] != nil
                if !follows && !goesOn {
                    body += "<circle cx='\(place.0)' cy='\(place.1)' r='3' fill='\(colour)'/>"
                } else {
                    path += "\(follows ? "L" : "M")\(place.0) \(place.1)"
                }
            }
            body += "<path d='\(path)' fill='none' stroke='\(colour)' stroke-width='2' stroke-linecap='round'/>"
            if series.count > 1 {
                let left = 70 + min(140, 550 / series.count) * i
                body += ChartFrame.legend(one.name, left: left, markHeight: 4, colour: colour)
            }
        }
        return ChartFrame.svg(title: title, body)
    }
}
