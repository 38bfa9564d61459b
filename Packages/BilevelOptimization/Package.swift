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
    name: "BilevelOptimization",
    products: [
        .library(name: "BilevelOptimization", targets: ["BilevelOptimization"]),
        .library(name: "MethodCatalogue", targets: ["MethodCatalogue"]),
        .library(name: "BilevelTestProblems", targets: ["BilevelTestProblems"]),
    ],
    dependencies: [sibling("Tensors"), sibling("Randomness")],
    targets: [
        .target(name: "BilevelOptimization", dependencies: ["Tensors", "Randomness"]),
        .target(name: "MethodCatalogue", dependencies: ["BilevelOptimization", "Tensors", "Randomness"]),
        .target(name: "BilevelTestProblems", dependencies: ["BilevelOptimization", "Tensors"]),
        .testTarget(
            name: "BilevelOptimizationTests",
            dependencies: ["BilevelOptimization", "BilevelTestProblems", "MethodCatalogue", "Tensors", "Randomness"]),
    ]
)
