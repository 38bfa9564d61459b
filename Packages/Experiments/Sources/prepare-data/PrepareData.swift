import ArgumentParser
import DataPreparation
import Reporting
import RunSupport

extension DataLayout: ExpressibleByArgument {}

@main
struct PrepareData: RunCommand {
    static let label = "prepare-data"
    static let configuration = CommandConfiguration(
        commandName: label,
        abstract: "Lays out a data set below data/ from what you downloaded, checked; "
            + "fetches Omniglot where there is a network.")

    @Argument(help: "Which data set.") var dataset: DataLayout
    @Argument(help: "Folder of the downloaded files. (default: fetch them)") var source: String?
    @Option(help: "Where the data sets lie.") var into = "data"

    static func main() {
        StandardError.prepareProcess()
        main(nil)
    }

    func execute() throws { try dataset.prepare(from: source, into: into) { print($0) } }
}
