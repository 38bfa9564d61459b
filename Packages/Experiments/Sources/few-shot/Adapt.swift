import ArgumentParser
import FewShotSupport
import Foundation
import Reporting
import RunSupport

/// `few-shot adapt`: a checkpoint on a person's own classes.
struct Adapt: RunCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells your own images apart, from a few labelled ones.",
        discussion: "Prints a table and writes a folder with predictions.csv, report.html (with the pictures), "
            + "summary.json and configuration.json.")

    @Option(help: "last.safetensors of a run with as many ways as you have classes.") var checkpoint: String
    @Option(help: "Folder with a folder of PNG or JPEG files for each class; one image a class or more.") var support:
        String
    @Option(help: "Folder of PNG or JPEG files to be told apart; folders called like a class are taken for the truth.")
    var query: String
    @Option(parsing: .unconditional, help: "Lower steps K. (default: as in training)") var innerIterations: Int?
    @Option(FewShotSettings.memoryBudget) var memoryBudget
    @Option(help: "Folder for the results, new or empty. (default: runs/few-shot-adapt-<date>)") var output: String?

    func validate() throws {
        if let innerIterations, !SettingRule<Int>.count.allows(innerIterations) {
            throw ValidationError(
                "--inner-iterations: \(SettingRule<Int>.count.expectation) expected, got \(innerIterations)")
        }
    }

    func execute() throws {
        var settings = FewShotConfiguration()
        memoryBudget?.apply(to: &settings)
        let adaptation = try FewShotAdaptation(
            checkpointPath: checkpoint, support: support, query: query, innerIterations: innerIterations,
            memoryBudget: settings.memoryBudget)
        let folder = output ?? defaultOutput("few-shot-adapt")
        try adaptation.write(to: folder, checkpoint: checkpoint)
        say(adaptation.remarks)
        print(adaptation.table.text)
        if let accuracy = adaptation.accuracy {
            print(String(format: "%.1f %% right where the class is known", 100 * accuracy))
        }
        print("\(folder)/report.html")
    }
}
