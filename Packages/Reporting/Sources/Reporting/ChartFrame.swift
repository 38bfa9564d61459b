/// What all charts share: their size, colours, axes and labels.
enum ChartFrame {
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
            body += "<line x1='60' x2='620' y1='\(at)' y2='\(at)' class='grid'/>"
            body += "<text x='54' y='\(at)' dy='4' text-anchor='end'>\(tickText(tick))</text>"
        }
        for tick in x.ticks {
            body += "<text x='\(text(x.position(tick)))' y='267' text-anchor='middle'>\(tickText(tick))</text>"
        }
        body += "<line x1='60' x2='620' y1='250' y2='250' class='axis'/>"
        body += "<text x='620' y='284' text-anchor='end'>\(escaped(xLabel))</text>"
        body += "<text x='8' y='22'>\(escaped(yLabel))</text>"
        return body
    }

    static func svg(title: String, _ body: String) -> String {
        "<svg viewBox='0 0 640 306' role='img' aria-label='\(escaped(title))' "
            + "xmlns='http://www.w3.org/2000/svg'>\(body)</svg>"
    }

    /// A bar of a histogram.
    static func bar(left: Double, top: Double, width: Double, height: Double, colour: String) -> String {
        "<rect x='\(text(left))' y='\(text(top))' width='\(text(width))' height='\(text(height))' fill='\(colour)'/>"
    }

    /// The name of a series below the chart, beside a mark of its colour.
    static func legend(_ name: String, left: Int, markHeight: Int, colour: String) -> String {
        let top = 294 - markHeight / 2
        return "<rect x='\(left)' y='\(top)' width='\(markHeight == 4 ? 14 : 12)' height='\(markHeight)' "
            + "fill='\(colour)'/><text x='\(left + 20)' y='298'>\(escaped(name))</text>"
    }
}
