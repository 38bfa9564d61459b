// swift-tools-version: 6.1
import PackageDescription

// Somebody else's program over released packages: what `Tools/release` fills in are the address and the versions.
let package = Package(
    name: "consumer",
    dependencies: [
        .package(url: "RELEASES/BilevelOptimization", .upToNextMinor(from: "VERSION_OF_BilevelOptimization")),
        .package(url: "RELEASES/NeuralLayers", .upToNextMinor(from: "VERSION_OF_NeuralLayers")),
        .package(url: "RELEASES/Tensors", .upToNextMinor(from: "VERSION_OF_Tensors")),
        .package(url: "RELEASES/Randomness", .upToNextMinor(from: "VERSION_OF_Randomness")),
    ],
    targets: [
        .executableTarget(
            name: "consumer",
            dependencies: ["BilevelOptimization", "NeuralLayers", "Tensors", "Randomness"].map {
                .product(name: $0, package: $0)
            })
    ]
)
