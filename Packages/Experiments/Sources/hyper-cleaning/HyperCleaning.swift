import ArgumentParser
import Reporting

/// `hyper-cleaning`: one command for data of one's own, one for the paper's experiment.
@main
struct HyperCleaning: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hyper-cleaning", abstract: "Finds mislabelled samples.",
        subcommands: [Clean.self, Reproduce.self], defaultSubcommand: Reproduce.self)

    static func main() {
        StandardError.prepareProcess()
        main(nil)
    }
}
