// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Tensors",
    products: [.library(name: "Tensors", targets: ["Tensors"])],
    targets: [
        .systemLibrary(name: "CDNNL", providers: [.apt(["libdnnl-dev"])]),
        .target(name: "CTensorKernels"),
        .target(name: "Tensors", dependencies: ["CDNNL", "CTensorKernels"]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors"]),
    ]
)
