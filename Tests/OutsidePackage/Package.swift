// swift-tools-version: 6.1
import PackageDescription

// What somebody else adds to the house, one file each, with what is public: this is another package, so that neither
// `package` nor `internal` members are in reach.
let siblings = ["Randomness", "Tensors", "NeuralLayers", "BilevelOptimization"]
let products = siblings.map { Target.Dependency.product(name: $0, package: $0) }

let package = Package(
    name: "OutsidePackage",
    dependencies: siblings.map { .package(path: "../../Packages/\($0)") },
    targets: [
        .target(name: "OutsideMethods", dependencies: products),
        .testTarget(name: "OutsideMethodsTests", dependencies: ["OutsideMethods"] + products),
    ]
)
