// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// A sibling package: by path here, by version in a release.
func sibling(_ name: String) -> Package.Dependency {
    if let base = ProcessInfo.processInfo.environment["BILEVEL_RELEASE"] {
        return .package(url: "\(base)/\(name)", from: "0.1.0")
    }
    return .package(path: "../\(name)")
}

let package = Package(
    name: "NeuralLayers",
    products: [.library(name: "NeuralLayers", targets: ["NeuralLayers"])],
    dependencies: [sibling("Tensors"), sibling("Randomness")],
    targets: [
        .target(name: "NeuralLayers", dependencies: ["Tensors", "Randomness"]),
        .testTarget(name: "NeuralLayersTests", dependencies: ["NeuralLayers", "Tensors", "Randomness"]),
    ]
)
