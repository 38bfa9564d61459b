import ArgumentParser
import DataPreparation
import Reporting
import RunSupport

/// What can be laid out.
enum Preparation: ExpressibleByArgument {
    case dataset(DataLayout), noisyFolder

    init?(argument: String) {
        if argument == NoisyFolder.name {
            self = .noisyFolder
        } else if let layout = DataLayout(rawValue: argument) {
            self = .dataset(layout)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] { DataLayout.allCases.map(\.rawValue) + [NoisyFolder.name] }
}

@main
struct PrepareData: RunCommand {
    static let label = "prepare-data"
    static let configuration = CommandConfiguration(
        commandName: label,
        abstract: "Lays out a data set below data/ from what you downloaded, checked; "
            + "fetches Omniglot where there is a network.",
        discussion: """
            noisy-folder makes a folder of class folders from Fashion-MNIST with a tenth of the pictures in the wrong \
            one, to try hyper-cleaning clean on.
            """)

    @Argument(help: "Which data set.") var dataset: Preparation
    @Argument(help: "Folder of the downloaded files. (default: fetch them)") var source: String?
    @Option(help: "Where the data sets lie.") var into = "data"

    static func main() {
        StandardError.prepareProcess()
        main(nil)
    }

    func execute() throws {
        switch dataset {
        case .dataset(let layout): try layout.prepare(from: source, into: into) { print($0) }
        case .noisyFolder:
            try NoisyFolder.prepare(from: source ?? "/usr/share/datasets/fashion-mnist", into: into) { print($0) }
        }
    }
}
