// swift-tools-version: 6.1
import PackageDescription

// Pieces of work whose instructions `Tools/instructions` counts: repeatable where times are not.
let siblings = ["Randomness", "Tensors", "NeuralLayers", "BilevelOptimization"]

let package = Package(
    name: "Benchmarks",
    dependencies: siblings.map { .package(path: "../../Packages/\($0)") },
    targets: [
        .executableTarget(name: "work", dependencies: siblings.map { .product(name: $0, package: $0) })
    ]
)
