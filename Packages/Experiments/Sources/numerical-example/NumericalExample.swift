import ArgumentParser
import BilevelOptimization
import ExperimentSupport
import Foundation
import MethodCatalogue
import Reporting
import Tensors

private enum InitializationName: String, CaseIterable { case warm, fixed }

/// `numerical-example`: parse, run, report.
@main
struct NumericalExample: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "numerical-example",
        abstract:
            "Runs bilevel methods on small problems with known solutions, and redraws the figures of Liu et al. 2021.",
        discussion: "Writes a folder with report.html, summary.json, metrics.csv and configuration.json. "
            + "Defaults that depend on the problem: --start (1,2) (5,1) (7,-1) and --lower-rate 5e-4 for nonconvex, --dimension 50 for convex."
    )

    @Option(help: "nonconvex (eq. 10), convex (eq. 13) or quadratic.") var problem = "nonconvex"
    @Option(help: "A method, repeatable, or all: \(MethodName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var method: [String] = []
    @Option(
        parsing: .unconditionalSingleValue, help: "Where x and y start, as x,y; every coordinate alike; repeatable.")
    var start: [String] = []
    @Option(parsing: .unconditional, help: "Coordinates of x.") var dimension: Int?
    @Option(parsing: .unconditional, help: "Lower steps K.") var innerIterations = 40
    @Option(parsing: .unconditional, help: "Upper iterations T.") var outerIterations = 500
    @Option(parsing: .unconditional, help: "Step size of y.") var lowerRate: Double?
    @Option(parsing: .unconditional, help: "Step size of x.") var upperRate: Double?
    @Option(parsing: .unconditional, help: "Step size of the initialization auxiliary z.") var initializationRate:
        Double?
    @Option(help: "Lower dynamics in place of the method's own: descent, momentum, nesterov, adam, aggregated.")
    var dynamics: String?
    @Option(help: "Where y starts in methods that do not learn it: warm (the last y_K) or fixed.") var initialization =
        "warm"
    @Option(parsing: .unconditional, help: "Steps that t-rhg differentiates.") var truncationLength = 10
    @Option(parsing: .unconditional, help: "Conjugate gradient, GMRES or fixed-point iterations, or Neumann terms.")
    var adjointIterations = 20
    @Flag(help: "Leave the projection onto Y out of the lower steps.") var noProjection = false
    @Option(help: "float64 or float32.") var precision = "float64"
    @Option(parsing: .unconditional, help: "Recorded; these problems draw nothing at random.") var seed: UInt64 = 0
    @Option(help: "Folder for the results, new or empty. (default: runs/numerical-example-<date>)") var output: String?
    @Option(
        parsing: .upToNextOption,
        help: "What the authors' code does differently: index (half of the chosen trajectory is differentiated).")
    var referenceQuirks: [String] = []

    func run() throws {
        do {
            let report = try self.report()
            let folder = output ?? CommandLine.defaultOutput("numerical-example"), stop = StopSignal()
            var progress = Reporting.Progress(label: "numerical-example", total: report.runs.count * outerIterations)
            do { try report.write(to: folder, progress: &progress) { stop.isWished } } catch {
                CommandLine.complain("numerical-example", error)
                throw ExitCode(2)
            }
            progress.finish()
            print(report.table.text)
            for (method, reason) in report.leftOut { print("\(method.rawValue) left out: it \(reason)") }
            print("\(folder)/report.html")
        } catch let error as SolverError {  // every setting is an option
            CommandLine.complain("numerical-example", error)
            throw ExitCode(64)
        }
    }

    private func report() throws -> NumericalReport {
        var settings = NumericalConfiguration(try choice(problem, "problem", NumericalProblem.self))
        let isAll = method.contains("all")
        if isAll {
            settings.methods = MethodName.allCases
        } else if !method.isEmpty {
            settings.methods = try method.map { try MethodName(named: $0) }
        }
        if !start.isEmpty { settings.starts = try start.map(point) }
        if let dimension { settings.dimension = dimension }
        for (name, value) in [("dimension", settings.dimension), ("outer iterations", outerIterations)] where value < 1
        {
            throw SolverError.invalidMethod("\(name): at least 1 expected, got \(value); nearest valid choice: 1")
        }
        settings.outerIterations = outerIterations
        settings.isProjected = !noProjection
        settings.elementType = try choice(precision, "precision", ElementType.self, among: [.float64, .float32])
        settings.seed = seed
        settings.quirks = try referenceQuirks.map {
            try choice($0, "reference quirk", NumericalConfiguration.ReferenceQuirk.self)
        }
        settings.settings.innerIterations = innerIterations
        settings.settings.truncationLength = truncationLength
        settings.settings.isWarmStarted = try choice(initialization, "initialization", InitializationName.self) == .warm
        settings.settings.adjointIterations = adjointIterations
        if let lowerRate {
            settings.settings.lowerRate = lowerRate
            settings.settings.aggregationRate = lowerRate
        }
        if let upperRate { settings.settings.upperRate = upperRate }
        if let initializationRate { settings.settings.initializationRate = initializationRate }
        if let dynamics { settings.settings.dynamics = try lowerDynamics(dynamics, settings.settings) }
        return try NumericalReport(settings, skipsUnsuitable: isAll)
    }

    private func choice<Value: RawRepresentable & CaseIterable>(
        _ text: String, _ name: String, _: Value.Type, among valid: [Value] = Array(Value.allCases)
    ) throws -> Value
    where Value.RawValue == String {
        let names = valid.map(\.rawValue)
        guard let value = Value(rawValue: text), names.contains(text) else {
            throw SolverError.invalidMethod(
                "\(name): \(names.joined(separator: ", ")) expected, got '\(text)'; nearest valid choice: \(nearestName(to: text, in: names))"
            )
        }
        return value
    }

    private func point(_ text: String) throws -> (x: Double, y: Double) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map {
            Double($0.trimmingCharacters(in: .whitespaces))
        }
        guard parts.count == 2, let x = parts[0], let y = parts[1], x.isFinite, y.isFinite else {
            throw SolverError.invalidMethod(
                "start: two numbers x,y expected, got '\(text)'; nearest valid choice: such as 1,2")
        }
        return (x, y)
    }

    private func lowerDynamics(_ name: String, _ settings: MethodSettings) throws -> Dynamics {
        let rate = settings.lowerRate
        let valid: [(String, Dynamics)] = [
            ("descent", .descent(.gradientDescent(rate: rate))), ("momentum", .descent(.momentum(rate: rate))),
            ("nesterov", .accelerated(rate: rate)),
            ("adam", .descent(.adam(rate: rate, epsilonInside: 1e-12))),
            (
                "aggregated",
                .aggregated(mix: settings.aggregationMix, upperRate: settings.aggregationRate, lowerRate: rate)
            ),
        ]
        guard let found = valid.first(where: { $0.0 == name }) else {
            throw SolverError.invalidMethod(
                "dynamics: \(valid.map(\.0).joined(separator: ", ")) expected, got '\(name)'; nearest valid choice: \(nearestName(to: name, in: valid.map(\.0)))"
            )
        }
        return found.1
    }
}
