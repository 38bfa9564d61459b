// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// A sibling package: by path here, by version in a release.
func sibling(_ name: String) -> Package.Dependency {
    if let base = ProcessInfo.processInfo.environment["BILEVEL_RELEASE"] { return .package(url: "\(base)/\(name)", from: "0.1.0") }
    return .package(path: "../\(name)")
}

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
        sibling("Tensors"), sibling("NeuralLayers"), sibling("BilevelOptimization"), sibling("Datasets"), sibling("Reporting"),
    ],
    targets: [
        .target(name: "ExperimentSupport", dependencies: ["Tensors", "NeuralLayers", "BilevelOptimization", "Datasets", "Reporting"]),
        .executableTarget(name: "hyper-cleaning", dependencies: [
            "ExperimentSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
        .executableTarget(name: "numerical-example", dependencies: [
            "ExperimentSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
        .executableTarget(name: "few-shot", dependencies: [
            "ExperimentSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
        .executableTarget(name: "prepare-data", dependencies: [
            "ExperimentSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
        .executableTarget(name: "benchmark-hyper-cleaning", dependencies: [
            "ExperimentSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
        .executableTarget(name: "benchmark-few-shot", dependencies: [
            "ExperimentSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
        .executableTarget(name: "benchmark-numerical", dependencies: [
            "ExperimentSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
        .testTarget(name: "ExperimentsTests", dependencies: ["ExperimentSupport"]),
    ]
)
