import RunSupport

/// What is ink in a person's drawings, for networks that learned from strokes of 1 on a ground of 0.
package enum InkPolarity: String, NamedSetting {
    /// What the border says, picture by picture: there is rarely ink.
    case border
    /// Dark strokes on light ground; the other way round; pictures as they are.
    case dark, light, asIs = "as-is"

    /// Turns pixels over where their ground is not 0, and says whether it did.
    /// - Parameters:
    ///   - pixels: of one grey picture, [height, width], in [0, 1], prepared as those of training.
    ///   - isInverted: whether that preparation made 1 of dark pixels.
    func apply(to pixels: inout [Float], height: Int, width: Int, isInverted: Bool) -> Bool {
        let turns =
            switch self {
            case .asIs: false
            case .dark: !isInverted
            case .light: isInverted
            case .border: Self.borderMedian(pixels, height, width) > 0.5
            }
        if turns { for i in pixels.indices { pixels[i] = 1 - pixels[i] } }
        return turns
    }

    private static func borderMedian(_ pixels: [Float], _ height: Int, _ width: Int) -> Float {
        let rows = [0, height - 1].flatMap { y in (0..<width).map { pixels[y * width + $0] } },
            columns = (1..<max(height - 1, 1)).flatMap { y in [pixels[y * width], pixels[y * width + width - 1]] }
        let border = (rows + columns).sorted()
        return border[border.count / 2]
    }
}
