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

/// An executable and every package that it imports: one that is not named here is not compiled anew when that package changes.
func command(_ name: String, _ packages: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["ExperimentSupport", .product(name: "ArgumentParser", package: "swift-argument-parser")]
            + packages)
}

/// The names of methods, which are a product of their own.
let methodCatalogue = Target.Dependency.product(name: "MethodCatalogue", package: "BilevelOptimization")

let package = Package(
    name: "Experiments",
    products: [
        .library(name: "ExperimentSupport", targets: ["ExperimentSupport"]),
        .executable(name: "hyper-cleaning", targets: ["hyper-cleaning"]),
        .executable(name: "numerical-example", targets: ["numerical-example"]),
        .executable(name: "few-shot", targets: ["few-shot"]),
        .executable(name: "prepare-data", targets: ["prepare-data"]),
        .executable(name: "benchmark-hyper-cleaning", targets: ["benchmark-hyper-cleaning"]),
        .executable(name: "benchmark-numerical", targets: ["benchmark-numerical"]),
        .executable(name: "benchmark-few-shot", targets: ["benchmark-few-shot"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        sibling("Randomness"), sibling("Tensors"), sibling("NeuralLayers"), sibling("BilevelOptimization"),
        sibling("Datasets"), sibling("Reporting"),
    ],
    targets: [
        .target(
            name: "ExperimentSupport",
            dependencies: [
                "Randomness", "Tensors", "NeuralLayers", "BilevelOptimization", methodCatalogue, "Datasets",
                "Reporting",
            ]),
        command("hyper-cleaning", ["BilevelOptimization", methodCatalogue, "Datasets", "Reporting"]),
        command("numerical-example", ["Tensors", "BilevelOptimization", methodCatalogue, "Reporting"]),
        command("few-shot", ["NeuralLayers", "BilevelOptimization", "Datasets", "Reporting"]),
        command("prepare-data", []),
        command("benchmark-hyper-cleaning", ["Tensors", "NeuralLayers", "BilevelOptimization", "Reporting"]),
        command("benchmark-few-shot", ["Randomness", "Tensors", "NeuralLayers", "BilevelOptimization", "Reporting"]),
        command("benchmark-numerical", ["Tensors", "BilevelOptimization", "Reporting"]),
        .testTarget(
            name: "ExperimentsTests",
            dependencies: [
                "ExperimentSupport", "Randomness", "Tensors", "NeuralLayers", "BilevelOptimization", methodCatalogue,
                "Datasets", "Reporting",
            ]),
    ]
)
