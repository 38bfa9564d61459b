// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// A sibling package: by path here, by version in a release.
func sibling(_ name: String) -> Package.Dependency {
    if let base = ProcessInfo.processInfo.environment["BILEVEL_RELEASE"] {
        return .package(url: "\(base)/\(name)", from: "0.1.0")
    }
    return .package(path: "../\(name)")
}

let package = Package(
    name: "Datasets",
    products: [.library(name: "Datasets", targets: ["Datasets"])],
    dependencies: [sibling("Randomness")],
    targets: [
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        // libpng reports errors by longjmp, which must not cross Swift frames: this target catches them in C.
        .target(name: "CPNGCodec", dependencies: ["CPNG"], linkerSettings: [.linkedLibrary("png")]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
        // So does libjpeg.
        .target(name: "CJPEGCodec", dependencies: ["CJPEG"], linkerSettings: [.linkedLibrary("jpeg")]),
        .target(name: "Datasets", dependencies: ["CZlib", "CPNGCodec", "CJPEGCodec", "Randomness"]),
        .testTarget(
            name: "DatasetsTests", dependencies: ["Datasets", "Randomness"], exclude: ["make-fixtures.py"],
            resources: [.copy("Fixtures")]),
    ]
)
