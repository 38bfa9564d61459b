// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Randomness",
    products: [.library(name: "Randomness", targets: ["Randomness"])],
    targets: [
        .target(name: "Randomness"),
        .testTarget(name: "RandomnessTests", dependencies: ["Randomness"]),
    ]
)
