// swift-tools-version: 6.1
import PackageDescription

let packages = ["Randomness", "Datasets", "Tensors"]

let package = Package(
    name: "fuzz",
    dependencies: packages.map { .package(path: "../../Packages/\($0)") },
    targets: [.executableTarget(name: "fuzz", dependencies: packages.map { .product(name: $0, package: $0) })]
)
