/// Charts as inline SVG: no script, colours that colour-blind readers can tell apart (Okabe and Ito 2008).
public struct LineChart: Sendable {
    /// A line with a name.
    public struct Series: Sendable {
        /// As the legend has it.
        public let name: String
        /// In the order in which the line goes.
        public let points: [(x: Double, y: Double)]

        /// How far a band reaches above and below each point; empty for none.
        public let margins: [Double]

        /// A line through points, in their order, with a band of as many margins, or none.
        public init(
            _ name: String, _ points: [(x: Double, y: Double)], margins: [Double] = [], file: StaticString = #fileID,
            line: UInt = #line
        ) {
            require(
                margins.isEmpty || margins.count == points.count,
                "LineChart: \(margins.count) margins for \(points.count) points", file: file, line: line)
            self.name = name
            self.points = points
            self.margins = margins
        }

        /// The band's outline, there and back.
        fileprivate var band: [(x: Double, y: Double)] {
            let sides = zip(points, margins).filter { $0.x.isFinite && $0.y.isFinite && $1.isFinite }
            return sides.map { ($0.x, $0.y + $1) } + sides.reversed().map { ($0.x, $0.y - $1) }
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
        let finite = series.flatMap { $0.points + $0.band }.filter { $0.x.isFinite && $0.y.isFinite }
        let x = Axis(finite.map(\.x), from: 60, to: 620, isTight: true), y = Axis(finite.map(\.y), from: 250, to: 40)
        var body = ChartFrame.axes(title: title, x: x, y: y, xLabel: xLabel, yLabel: yLabel)
        for (i, one) in series.enumerated() {
            let colour = ChartFrame.colours[i % ChartFrame.colours.count]
            let band = one.band.map { "\(ChartFrame.text(x.position($0.x))),\(ChartFrame.text(y.position($0.y)))" }
            if !band.isEmpty {
                body += "<polygon points='\(band.joined(separator: " "))' fill='\(colour)' fill-opacity='0.2'/>"
            }
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
