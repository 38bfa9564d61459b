// swift-tools-version: 6.1
import PackageDescription

let packages = [
    "Randomness", "Tensors", "NeuralLayers", "BilevelOptimization", "Datasets", "Reporting", "Experiments",
]

let package = Package(
    name: "Bilevel",
    dependencies: packages.map { .package(path: "Packages/\($0)") },
    targets: [
        .target(
            name: "Commands",
            dependencies: [
                "hyper-cleaning", "numerical-example", "few-shot", "prepare-data", "benchmark-hyper-cleaning",
                "benchmark-numerical", "benchmark-few-shot",
            ].map { .product(name: $0, package: "Experiments") }),
        .testTarget(
            name: "IntegrationTests",
            dependencies: packages.dropLast().map { .product(name: $0, package: $0) }),
    ]
)
