// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Datasets",
    products: [.library(name: "Datasets", targets: ["Datasets"])],
    targets: [
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        // libpng reports errors by longjmp, which must not cross Swift frames: this target catches them in C.
        .target(name: "CPNGCodec", dependencies: ["CPNG"], linkerSettings: [.linkedLibrary("png")]),
        .target(name: "Datasets", dependencies: ["CZlib", "CPNGCodec"]),
        .testTarget(
            name: "DatasetsTests", dependencies: ["Datasets"], exclude: ["make-fixtures.py"],
            resources: [.copy("Fixtures")]),
    ]
)
