import ArgumentParser
import BilevelOptimization
import Foundation
import MethodCatalogue
import NumericalExampleSupport
import Reporting
import RunSupport

private typealias Settings = NumericalSettings

extension NumericalConfiguration.ReferenceQuirk: ExpressibleByArgument {}

/// `numerical-example`: parse, run, report.
@main
struct NumericalExample: RunCommand {
    static let label = "numerical-example"
    static let configuration = CommandConfiguration(
        commandName: label,
        abstract: "Runs bilevel methods on small problems with known solutions, and redraws the figures of "
            + "Liu et al. 2021.",
        discussion: "Writes a folder with report.html, summary.json, metrics.csv, last.safetensors and "
            + "configuration.json. --start is (1,2) (5,1) (7,-1) for nonconvex, (2,0) for convex, (3,0) for quadratic.")

    @Option(Settings.problem) var problem
    @Option(
        help: ArgumentHelp(
            "A method, repeatable, or all: \(MethodName.allCases.map(\.rawValue).joined(separator: ", "))."))
    var method: [String] = []
    @Option(
        parsing: .unconditionalSingleValue, help: "Where x and y start, as x,y; every coordinate alike; repeatable.")
    var start: [String] = []
    @Option(Settings.dimension) var dimension
    @Option(Settings.innerIterations) var innerIterations
    @Option(Settings.outerIterations) var outerIterations
    @Option(Settings.lowerRate) var lowerRate
    @Option(Settings.upperRate) var upperRate
    @Option(Settings.initializationRate) var initializationRate
    @Option(Settings.dynamics) var dynamics
    @Option(Settings.initialization) var initialization
    @Option(Settings.truncationLength) var truncationLength
    @Option(Settings.adjointIterations) var adjointIterations
    @Flag(
        help: """
            ls, ns, fixed-point and gmres: go on where the linear system of the hypergradient has no solution, or its \
            iteration diverges, instead of ending the run.
            """)
    var acceptFailedAdjoint = false
    @Flag(help: "Leave the projection onto Y out of the lower steps.") var noProjection = false
    @Option(Settings.precision) var precision
    @Option(Settings.seed) var seed
    @Option(help: "Folder for the results, new or empty. (default: runs/numerical-example-<date>)") var output: String?
    @Flag(help: "Go on with the run in --output, from its last checkpoint, to the same bits.") var resume = false
    @Option(
        parsing: .upToNextOption,
        help: "What the authors' code does differently: index (half of the chosen trajectory is differentiated).")
    var referenceQuirks: [NumericalConfiguration.ReferenceQuirk] = []

    static func main() {
        StandardError.prepareProcess()
        main(nil)
    }

    func validate() throws {
        if resume, output == nil { throw ValidationError("--resume: --output with the folder of the run expected") }
    }

    func execute() throws {
        let experiment: NumericalExperiment
        do { experiment = try NumericalExperiment(try settings, skipsUnsuitable: method.contains("all")) } catch {
            // Every setting is an option.
            StandardError.write("\(Self.label): \(error)\n")
            throw ExitCode(64)
        }
        let folder = output ?? defaultOutput(Self.label), stop = StopSignal(Self.label)
        let driver = try RunDriver(experiment, output: folder, resumes: resume)
        var progress = ProgressBar(
            label: Self.label, total: experiment.totalIterations, doneBefore: driver.startIteration)
        defer { progress.finish() }
        let outcome = try driver.complete(isStopped: { stop.isWished }) { progress.update($0, $1) }
        print(outcome.table.text)
        for (method, reason) in outcome.leftOut { print("\(method.rawValue) left out: it \(reason)") }
        print("\(folder)/report.html")
    }

    private var settings: NumericalConfiguration {
        get throws {
            var chosen = NumericalConfiguration.standard
            problem?.apply(to: &chosen)
            var settings = NumericalConfiguration(chosen.problem)
            for given in [
                dimension, innerIterations, outerIterations, lowerRate, upperRate, initializationRate, dynamics,
                initialization, truncationLength, adjointIterations, precision, seed,
            ] { given?.apply(to: &settings) }
            if method.contains("all") {
                settings.methods = MethodName.allCases
            } else if !method.isEmpty {
                settings.methods = try method.map { try MethodName(named: $0) }
            }
            if !start.isEmpty { settings.starts = try start.map(point) }
            settings.settings.acceptsFailedAdjoint = acceptFailedAdjoint
            settings.isProjected = !noProjection
            settings.quirks = referenceQuirks
            return settings
        }
    }

    private func point(_ text: String) throws -> (x: Double, y: Double) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map {
            Double($0.trimmingCharacters(in: .whitespaces))
        }
        guard parts.count == 2, let x = parts[0], let y = parts[1], x.isFinite, y.isFinite else {
            throw SettingError("start: two numbers x,y expected, got '\(text)'; nearest valid choice: such as 1,2")
        }
        return (x, y)
    }
}
