/// Charts as inline SVG: no script, colours that colour-blind readers can tell apart (Okabe and Ito 2008).
public struct LineChart: Sendable {
    public struct Series: Sendable {
        public let name: String
        public let points: [(x: Double, y: Double)]

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

    public let title: String, xLabel: String, yLabel: String
    public let series: [Series]

    public init(title: String, xLabel: String, yLabel: String, series: [Series]) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.series = series
    }

    /// Points that are not finite break the line.
    public var svg: String {
        let finite = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
        let x = Axis(finite.map(\.x), from: 60, to: 620, isTight: true), y = Axis(finite.map(\.y), from: 250, to: 40)
        var body = Frame.axes(title: title, x: x, y: y, xLabel: xLabel, yLabel: yLabel)
        for (i, one) in series.enumerated() {
            let colour = Frame.colours[i % Frame.colours.count]
            var path = "", isOpen = false
            for point in one.points {
                guard point.x.isFinite, point.y.isFinite else {
                    isOpen = false
                    continue
                }
                path += "\(isOpen ? "L" : "M")\(Frame.text(x.position(point.x))) \(Frame.text(y.position(point.y)))"
                isOpen = true
            }
            body += "<path d='\(path)' fill='none' stroke='\(colour)' stroke-width='2' stroke-linecap='round'/>"
            if series.count > 1 {
                let left = 70 + min(140, 550 / series.count) * i
                body +=
                    "<rect x='\(left)' y='292' width='14' height='4' fill='\(colour)'/><text x='\(left + 20)' y='298'>\(escaped(one.name))</text>"
            }
        }
        return Frame.svg(title: title, body)
    }
}

/// How often values fall into equal bins.
public struct Histogram: Sendable {
    public let title: String, xLabel: String
    /// Series share the bins and stand side by side.
    public let series: [(name: String, values: [Double])]
    public let bins: Int

    public init(title: String, xLabel: String, series: [(name: String, values: [Double])], bins: Int = 30) {
        self.title = title
        self.xLabel = xLabel
        self.series = series
        self.bins = bins
    }

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
        var body = Frame.axes(title: title, x: x, y: y, xLabel: xLabel, yLabel: "samples")
        let width = 560 / Double(bins) / Double(max(series.count, 1))
        for (i, count) in counts.enumerated() {
            let colour = Frame.colours[i % Frame.colours.count]
            for (bin, n) in count.enumerated() where n > 0 {
                let left = 60 + (Double(bin * series.count) + Double(i)) * width, top = y.position(Double(n))
                body +=
                    "<rect x='\(Frame.text(left))' y='\(Frame.text(top))' width='\(Frame.text(width))' height='\(Frame.text(250 - top))' fill='\(colour)'/>"
            }
            let left = 70 + 140 * i
            body +=
                "<rect x='\(left)' y='288' width='12' height='12' fill='\(colour)'/><text x='\(left + 20)' y='298'>\(escaped(series[i].name))</text>"
        }
        return Frame.svg(title: title, body)
    }
}

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

enum Frame {
    static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]

    static func text(_ value: Double) -> String { numberText((value * 100).rounded() / 100) }

    static func tickText(_ value: Double) -> String {
        if value != 0, abs(value) < 1e-3 || abs(value) >= 1e6 {
            var exponent = 0, mantissa = value
            while abs(mantissa) >= 10 {
                mantissa /= 10
                exponent += 1
            }
            while abs(mantissa) < 1 {
                mantissa *= 10
                exponent -= 1
            }
            return "\(text(mantissa))e\(exponent)"
        }
        return numberText((value * 1e6).rounded() / 1e6)
    }

    static func axes(title: String, x: Axis, y: Axis, xLabel: String, yLabel: String) -> String {
        var body = "<text x='340' y='22' text-anchor='middle' class='title'>\(escaped(title))</text>"
        for tick in y.ticks {
            let at = text(y.position(tick))
            body +=
                "<line x1='60' x2='620' y1='\(at)' y2='\(at)' class='grid'/><text x='54' y='\(at)' dy='4' text-anchor='end'>\(tickText(tick))</text>"
        }
        for tick in x.ticks {
            body += "<text x='\(text(x.position(tick)))' y='267' text-anchor='middle'>\(tickText(tick))</text>"
        }
        body += "<line x1='60' x2='620' y1='250' y2='250' class='axis'/>"
        body +=
            "<text x='620' y='284' text-anchor='end'>\(escaped(xLabel))</text><text x='8' y='22'>\(escaped(yLabel))</text>"
        return body
    }

    static func svg(title: String, _ body: String) -> String {
        "<svg viewBox='0 0 640 306' role='img' aria-label='\(escaped(title))' xmlns='http://www.w3.org/2000/svg'>\(body)</svg>"
    }
}

/// Text for HTML and SVG, in attributes too.
public func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.append(character)
        }
    }
    return result
}
