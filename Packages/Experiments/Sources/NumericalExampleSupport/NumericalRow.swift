import Reporting

/// One upper iteration of a numerical example, and how it stands in `metrics.csv`.
package struct NumericalRow: Sendable {
    package let iteration: Int, truncation: Int
    /// The first coordinates.
    package let x: Double, y: Double
    package let relativeErrorX: Double, relativeErrorF: Double, upperValue: Double
    /// ‖x - x*‖ and ‖y - y*‖.
    package let distanceX: Double, distanceY: Double
    package let seconds: Double

    static let columns = NumericalRow(
        iteration: 0, truncation: 0, x: 0, y: 0, relativeErrorX: 0, relativeErrorF: 0, upperValue: 0, distanceX: 0,
        distanceY: 0, seconds: 0
    ).cells(run: 0).columns

    /// - Parameter run: the place of its run among all.
    func cells(run: Int) -> MetricsRow {
        [
            "run": Double(run), "iteration": Double(iteration), "x": x, "y": y, "relativeErrorX": relativeErrorX,
            "relativeErrorF": relativeErrorF, "upperValue": upperValue, "truncation": Double(truncation),
            "seconds": seconds, "distanceX": distanceX, "distanceY": distanceY,
        ]
    }
}

extension NumericalRow {
    init(_ cells: MetricsRow) {
        self.init(
            iteration: cells.integer("iteration") ?? 0, truncation: cells.integer("truncation") ?? 0,
            x: cells.number("x"), y: cells.number("y"), relativeErrorX: cells.number("relativeErrorX"),
            relativeErrorF: cells.number("relativeErrorF"), upperValue: cells.number("upperValue"),
            distanceX: cells.number("distanceX"), distanceY: cells.number("distanceY"),
            seconds: cells.number("seconds"))
    }
}
