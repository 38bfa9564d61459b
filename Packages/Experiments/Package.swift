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

let parser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let catalogue = Target.Dependency.product(name: "MethodCatalogue", package: "BilevelOptimization")
let testProblems = Target.Dependency.product(name: "BilevelTestProblems", package: "BilevelOptimization")

/// An executable and every package that it imports: one that is not named here is not compiled anew when that package
/// changes.
func command(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: [parser] + dependencies)
}

let package = Package(
    name: "Experiments",
    products: [
        "hyper-cleaning", "numerical-example", "few-shot", "prepare-data", "benchmark-hyper-cleaning",
        "benchmark-numerical", "benchmark-few-shot",
    ].map { .executable(name: $0, targets: [$0]) },
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        sibling("Randomness", "0.2.0"), sibling("Tensors", "0.2.0"), sibling("NeuralLayers", "0.2.0"),
        sibling("BilevelOptimization", "0.2.0"),
        sibling("Datasets", "0.2.0"), sibling("Reporting", "0.2.0"),
    ],
    targets: [
        .target(
            name: "RunSupport",
            dependencies: ["Tensors", "BilevelOptimization", catalogue, "Reporting", parser]),
        .target(
            name: "NumericalExampleSupport",
            dependencies: [
                "RunSupport", "Tensors", "BilevelOptimization", catalogue, testProblems, "Reporting",
            ]),
        .target(
            name: "HyperCleaningSupport",
            dependencies: [
                "RunSupport", "LabelCleaningSupport", "Randomness", "Tensors", "NeuralLayers", "BilevelOptimization",
                catalogue, "Datasets", "Reporting",
            ]),
        .target(
            name: "FewShotSupport",
            dependencies: [
                "RunSupport", "Randomness", "Tensors", "NeuralLayers", "BilevelOptimization", "Datasets", "Reporting",
            ]),
        .target(
            name: "LabelCleaningSupport",
            dependencies: [
                "RunSupport", "Randomness", "Tensors", "NeuralLayers", "BilevelOptimization", "Datasets", "Reporting",
            ]),
        .target(name: "DataPreparation", dependencies: ["Datasets", "Randomness"]),
        command(
            "hyper-cleaning",
            [
                "RunSupport", "HyperCleaningSupport", "LabelCleaningSupport", "BilevelOptimization", catalogue,
                "Datasets", "Reporting",
            ]),
        command(
            "numerical-example",
            ["RunSupport", "NumericalExampleSupport", "BilevelOptimization", catalogue, "Tensors", "Reporting"]),
        command(
            "few-shot",
            ["RunSupport", "FewShotSupport", "Tensors", "Datasets", "Reporting"]),
        command("prepare-data", ["RunSupport", "DataPreparation", "Reporting"]),
        command(
            "benchmark-hyper-cleaning",
            ["RunSupport", "HyperCleaningSupport", "Tensors", "NeuralLayers", "BilevelOptimization", "Reporting"]),
        command(
            "benchmark-few-shot",
            [
                "RunSupport", "FewShotSupport", "Randomness", "Tensors", "NeuralLayers", "BilevelOptimization",
                "Reporting",
            ]),
        command(
            "benchmark-numerical",
            ["RunSupport", "NumericalExampleSupport", "Tensors", "BilevelOptimization", "Reporting"]),
        .testTarget(
            name: "ExperimentsTests",
            dependencies: [
                "RunSupport", "NumericalExampleSupport", "HyperCleaningSupport", "FewShotSupport", "DataPreparation",
                "LabelCleaningSupport", parser, catalogue, "Randomness", "Tensors", "NeuralLayers",
                "BilevelOptimization", "Datasets",
                "Reporting",
            ]),
    ]
)
