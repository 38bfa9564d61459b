/// How many times as thick as the training's the strokes of a set of pictures are.
struct StrokeThickness {
    /// From which ratio on it is another pen, or below which inverse. Of Omniglot's characters, strokes dilated on
    /// 105 x 105, the lower quarter is at 0.94 as they are, 1.22, 1.29, 1.53 and 1.90 by radius 1, 1.5, 2 and 3:
    /// redrawing does not pay yet at 1, and does at 3.
    static let limit = 1.4

    /// Sorted.
    let ratios: [Double]
    /// Whether they are those of lines. Dots tell nothing of a pen: by size Omniglot's own Braille would be of
    /// another pen, at times.
    private let areOfLines: Bool

    /// - Parameters:
    ///   - lines: of pictures that show lines.
    ///   - all: of all that show something, where no picture shows lines.
    init(of lines: [Double], orElse all: [Double]) {
        (ratios, areOfLines) = ((lines.isEmpty ? all : lines).sorted(), !lines.isEmpty)
    }

    /// Nil where nothing is drawn.
    var median: Double? { ratios.isEmpty ? nil : ratios[ratios.count / 2] }

    /// Exceeded by three quarters of the pictures, and not exceeded by as many.
    var quarters: (lower: Double, upper: Double) {
        let quarter = ratios.count / 4
        return (ratios[quarter], ratios[ratios.count - 1 - quarter])
    }

    /// Whether nearly all are: a quarter may be signs that measure badly.
    var isOfAnotherPen: Bool {
        areOfLines && (quarters.lower > Self.limit || quarters.upper < 1 / Self.limit)
    }
}
