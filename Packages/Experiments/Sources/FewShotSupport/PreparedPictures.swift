import Datasets

/// A person's pictures as the network sees them.
package struct PreparedPictures: Sendable {
    /// [channels, height, width] each, class after class.
    package private(set) var pixels: [[Float]]
    package let labels: [Int32]
    package let classCount: Int
    package let channels: Int, height: Int, width: Int
    /// Which of them were light on dark where the others are dark on light, or the reverse.
    let turned: [Bool]

    init(_ images: ImageClasses, _ polarity: InkPolarity, isInverted: Bool) {
        var pixels: [[Float]] = [], turned: [Bool] = []
        for index in (0..<images.classCount).flatMap(images.images(ofClass:)) {
            var picture = images.floats(of: [index])
            turned.append(
                polarity.apply(to: &picture, height: images.height, width: images.width, isInverted: isInverted))
            pixels.append(picture)
        }
        (self.pixels, self.turned, classCount) = (pixels, turned, images.classCount)
        (channels, height, width) = (images.channels, images.height, images.width)
        labels = (0..<images.classCount).flatMap { label in
            images.images(ofClass: label).map { _ in Int32(label) }
        }
    }

    package var count: Int { pixels.count }

    /// One of them, of 8 bits a sample.
    func picture(_ index: Int) -> RasterImage {
        let plane = height * width
        return RasterImage(
            width: width, height: height, channels: channels,
            pixels: (0..<plane * channels).map { j in
                UInt8((pixels[index][j % channels * plane + j / channels] * 255).rounded())
            })
    }

    /// All of them, of 8 bits a sample.
    var pictures: [RasterImage] { (0..<count).map(picture) }

    /// Others in their place, of the same size and one channel.
    mutating func replace(by pictures: [RasterImage]) {
        pixels = pictures.map { $0.pixels.map { Float($0) / 255 } }
    }

    func remark(at place: String) -> String? {
        let number = turned.count { $0 }
        return number == 0
            ? nil
            : "\(place): \(number) of \(count) pictures turned over, so that their ground is dark as in training "
                + "(--ink)"
    }
}
