// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Reporting",
    products: [.library(name: "Reporting", targets: ["Reporting"])],
    targets: [
        .target(name: "Reporting"),
        .testTarget(name: "ReportingTests", dependencies: ["Reporting"]),
    ]
)
