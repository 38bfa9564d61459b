// swift-tools-version: 6.1
import PackageDescription

/// Where releases of the siblings are: nil here, where they lie beside this package. `Tools/release` writes an address.
let releases: String? = Context.environment["BILEVEL_RELEASES"]

/// A sibling: the folder beside this one, or in a release the versions from `minimum` on that fit it.
func sibling(_ name: String, _ minimum: Version) -> Package.Dependency {
    guard let releases else { return .package(path: "../\(name)") }
    return .package(
        url: "\(releases)/\(name)", minimum.major == 0 ? .upToNextMinor(from: minimum) : .upToNextMajor(from: minimum))
}

let package = Package(
    name: "Datasets",
    products: [.library(name: "Datasets", targets: ["Datasets"])],
    dependencies: [sibling("Randomness", "0.2.0")],
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
