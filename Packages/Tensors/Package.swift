// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Tensors",
    products: [.library(name: "Tensors", targets: ["Tensors"])],
    targets: [
        .systemLibrary(name: "CDNNL", providers: [.apt(["libdnnl-dev"])]),
        .target(name: "CTensorKernels"),
        .target(name: "Tensors", dependencies: ["CDNNL", "CTensorKernels"]),
        // Test support, in no product: graphs as data, and an executable that evaluates them for Tools/differential.
        .target(name: "RandomGraphs", dependencies: ["Tensors"]),
        .executableTarget(name: "differential", dependencies: ["Tensors", "RandomGraphs"]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "RandomGraphs"]),
    ]
)
