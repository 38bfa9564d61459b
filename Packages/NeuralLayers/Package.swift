// swift-tools-version: 6.1
import PackageDescription

/// Where releases of the siblings are: nil here, where they lie beside this package. `Tools/release` writes an address.
let releases: String? = Context.environment["BILEVEL_RELEASES"]

/// A sibling: the folder beside this one, or in a release the versions from `minimum` on that fit it.
func sibling(_ name: String, _ minimum: Version) -> Package.Dependency {
    guard let releases else { return .package(path: "../\(name)") }
    return .package(
        url: "\(releases)/\(name)", minimum.major == 0 ? .upToNextMinor(from: minimum) : .upToNextMajor(from: minimum))
}

let package = Package(
    name: "NeuralLayers",
    products: [.library(name: "NeuralLayers", targets: ["NeuralLayers"])],
    dependencies: [sibling("Tensors", "0.2.0"), sibling("Randomness", "0.2.0")],
    targets: [
        .target(name: "NeuralLayers", dependencies: ["Tensors", "Randomness"]),
        .testTarget(name: "NeuralLayersTests", dependencies: ["NeuralLayers", "Tensors", "Randomness"]),
    ]
)
