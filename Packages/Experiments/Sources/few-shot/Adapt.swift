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

    @Option(help: "last.safetensors of a run: of as many ways as you have classes, unless its method takes any.")
    var checkpoint: String
    @Option(help: "Folder with a folder of PNG or JPEG files for each class; one image a class or more.") var support:
        String
    @Option(help: "Folder of PNG or JPEG files to be told apart; folders called like a class are taken for the truth.")
    var query: String
    @Option(parsing: .unconditional, help: "Lower steps K. (default: as in training)") var innerIterations: Int?
    @Option(FewShotSettings.normalization.standing(for: "the checkpoint's; the support's where that is transductive"))
    var normalization
    @Option(
        help: ArgumentHelp(
            "For networks trained on strokes (omniglot, glyphs): your strokes are dark, or light, on the other; or as "
                + "the border of each picture says; or leave all as-is."))
    var ink = InkPolarity.border
    @Option(
        help: ArgumentHelp(
            "For the same networks: redraw your strokes with the training's pen, or leave them as-is; auto redraws all "
                + "pictures where those of --support are much thicker or thinner."))
    var strokes = StrokeTreatment.auto
    @Flag(help: "Always name a class, never \"none of these\".") var alwaysChoose = false
    @Option(FewShotSettings.memoryBudget) var memoryBudget
    @Option(help: "Folder for the results, new or empty. (default: runs/few-shot-adapt-<date>)") var output: String?

    func validate() throws {
        if let innerIterations, !SettingRule<Int>.count.allows(innerIterations) {
            throw ValidationError(
                "--inner-iterations: \(SettingRule<Int>.count.expectation) expected, got \(innerIterations)")
        }
    }

    func execute() throws {
        var settings = FewShotConfiguration(), options = FewShotAdaptation.Options()
        memoryBudget?.apply(to: &settings)
        normalization?.apply(to: &settings)
        options.normalization = normalization == nil ? nil : settings.normalization
        (options.innerIterations, options.memoryBudget) = (innerIterations, settings.memoryBudget)
        (options.polarity, options.strokes, options.alwaysChooses) = (ink, strokes, alwaysChoose)
        let adaptation = try FewShotAdaptation(
            checkpointPath: checkpoint, support: support, query: query, options: options)
        let folder = output ?? defaultOutput("few-shot-adapt")
        try adaptation.write(to: folder, checkpoint: checkpoint)
        say(adaptation.remarks)
        print(adaptation.table.text)
        for note in adaptation.notes { print(note) }
        if let accuracy = adaptation.accuracy {
            print(String(format: "%.1f %% right where the class is known", 100 * accuracy))
        }
        print("\(folder)/report.html")
    }
}

extension InkPolarity: ExpressibleByArgument {}
extension StrokeTreatment: ExpressibleByArgument {}
