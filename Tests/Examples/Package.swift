// swift-tools-version: 6.1
import PackageDescription

// Programs of a page each, outside the root build: what is public is all that they see.
let siblings = ["Randomness", "Tensors", "NeuralLayers", "BilevelOptimization", "Datasets", "Reporting"]

let package = Package(
    name: "Examples",
    dependencies: siblings.map { .package(path: "../../Packages/\($0)") },
    targets: ["ridge-path", "feature-penalties", "step-sizes", "clean-pictures", "few-shot-folder", "custom-layer"].map
    {
        .executableTarget(name: $0, dependencies: siblings.map { .product(name: $0, package: $0) })
    }
)
