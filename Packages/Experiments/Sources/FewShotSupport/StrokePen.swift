import Datasets

/// The pen that the strokes of a training were drawn with, and how other drawings are given the same: thinned to lines
/// in a larger resolution, drawn anew, made small as the training's were.
package struct StrokePen {
    /// In pixels of the network's pictures, as `strokeWidth(_:)` measures it.
    package let width: Double
    /// Of the network's pictures.
    package let size: ImagePreparation.Size

    /// Pictures of a set that are looked at, spread evenly.
    private static let measuredCount = 200, triedCount = 20

    /// In which strokes are thinned: Omniglot's own resolution, 105 x 105, for its 28 x 28.
    package var canvas: ImagePreparation.Size { Self.canvas(size) }

    private static func canvas(_ size: ImagePreparation.Size) -> ImagePreparation.Size {
        ImagePreparation.Size(height: size.height * 15 / 4, width: size.width * 15 / 4)
    }

    package init(width: Double, size: ImagePreparation.Size) { (self.width, self.size) = (width, size) }

    // MARK: Measuring

    /// The median width of strokes in a training's pictures, in their pixels; nil where they show none.
    package static func typicalWidth(of images: ImageClasses) -> Double? {
        let first = (0..<images.classCount).map { images.images(ofClass: $0).lowerBound }
        return median(spread(first, measuredCount).compactMap { strokeWidth(images.picture($0)) })
    }

    /// In the picture's own pixels; nil where it shows none.
    /// - Parameter picture: of one channel, strokes light on a dark ground.
    package static func strokeWidth(_ picture: RasterImage) -> Double? {
        skeleton(picture).map { $0.strokeWidth * Double(picture.width) / Double($0.width) }
    }

    private static func skeleton(_ picture: RasterImage) -> StrokeSkeleton? {
        let canvas = canvas(.init(height: picture.height, width: picture.width))
        return StrokeSkeleton(picture.resized(width: canvas.width, height: canvas.height))
    }

    /// How thick the strokes of a set's pictures are, where they show some.
    func thickness(_ pictures: [RasterImage]) -> StrokeThickness {
        let skeletons = Self.spread(pictures, Self.measuredCount).compactMap(Self.skeleton)
        func ratios(_ skeletons: [StrokeSkeleton]) -> [Double] {
            skeletons.map { $0.strokeWidth * Double(size.width) / Double(canvas.width) / width }
        }
        return StrokeThickness(of: ratios(skeletons.filter(\.showsLines)), orElse: ratios(skeletons))
    }

    // MARK: Redrawing

    /// How wide the pen is on the canvas whose strokes are as wide as the training's once they are small, by bisection.
    /// - Parameter drawings: in the canvas' size, strokes light.
    package func widthOnCanvas(for drawings: [RasterImage]) -> Double {
        let skeletons = Self.spread(drawings, Self.triedCount).compactMap(StrokeSkeleton.init)
        var low = 1.0, high = Double(canvas.width) / 4
        for _ in 0..<8 {
            let middle = (low + high) / 2
            let small = skeletons.compactMap { Self.strokeWidth(reduced($0.drawn(penWidth: middle))) }
            if Self.median(small) ?? width < width { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// As the network sees it; a picture without strokes as it is.
    /// - Parameter drawing: in the canvas' size, strokes light.
    package func redrawn(_ drawing: RasterImage, widthOnCanvas: Double) -> RasterImage {
        reduced(StrokeSkeleton(drawing)?.drawn(penWidth: widthOnCanvas) ?? drawing)
    }

    private func reduced(_ drawing: RasterImage) -> RasterImage {
        drawing.resized(width: size.width, height: size.height)
    }

    private static func spread<Element>(_ elements: [Element], _ count: Int) -> [Element] {
        elements.count <= count ? elements : (0..<count).map { elements[$0 * elements.count / count] }
    }

    private static func median(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.sorted()[values.count / 2]
    }
}
