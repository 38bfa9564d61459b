import ArgumentParser
import Reporting

@main
struct FewShot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "few-shot",
        abstract: "Learns to classify from a few examples: a shared backbone, a head for each task.",
        subcommands: [Train.self, Evaluate.self, Adapt.self])

    static func main() {
        StandardError.prepareProcess()
        main(nil)
    }
}
