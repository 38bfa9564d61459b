import ArgumentParser
import ExperimentSupport

extension DataLayout: ExpressibleByArgument {}

@main
struct PrepareData: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare-data",
        abstract:
            "Lays out a data set below data/ from what you downloaded, checked; fetches Omniglot where there is a network."
    )

    @Argument(help: "Which data set.") var dataset: DataLayout
    @Argument(help: "Folder of the downloaded files. (default: fetch them)") var source: String?
    @Option(help: "Where the data sets lie.") var into = "data"

    func run() throws {
        do { try dataset.prepare(from: source, into: into) { print($0) } } catch {
            CommandLine.complain("prepare-data", error)
            throw ExitCode(2)
        }
    }
}
