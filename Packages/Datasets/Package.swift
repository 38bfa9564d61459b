// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Datasets",
    products: [.library(name: "Datasets", targets: ["Datasets"])],
    targets: [
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "Datasets", dependencies: ["CZlib"]),
        .testTarget(name: "DatasetsTests", dependencies: ["Datasets"]),
    ]
)
