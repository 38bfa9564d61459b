import Foundation
import Testing

/// `hyper-cleaning clean` as a process, on 60 pictures of 4 x 4.
@Suite struct CleanCommandTests {
    /// What the command said, and its settings as it wrote them; none where it wrote nothing.
    private func run(_ options: [String]) throws -> (status: Int32, lines: [String], settings: [String: String]?) {
        let life = try RealLife()
        for file in [CleaningCase.File(CleaningCase.imagesName, CleaningCase.images()), CleaningCase.labelsFile] {
            try life.write(file.bytes, "data/\(file.name)")
        }
        let answer = try life.run(
            "hyper-cleaning",
            ["clean", "\(life.path)/data", "--members", "1", "--threads", "1"] + options)
        if answer.wroteNothing { return (answer.status, answer.lines, nil) }
        let settings = try JSONSerialization.jsonObject(with: Data(answer.text("configuration.json").utf8))
        return (answer.status, answer.lines, (settings as? [String: Any])?.mapValues { "\($0)" })
    }

    @Test(arguments: [
        (["--optimizer", "sgd", "--momentum", "0.5", "--rate", "0.05"], ["optimizer": "sgd", "momentum": "0.5"]),
        (["--upper-variable", "weight-function", "--upper-rate", "0.01"], ["upperVariable": "weight-function"]),
        (["--upper-variable", "labels"], ["upperVariable": "labels"]),
        (
            ["--upper-variable", "weights", "--hypergradient", "last-steps", "--last-steps", "2"],
            ["hypergradient": "last-steps", "lastSteps": "2"]
        ),
        (["--network", "convolution"], ["network": "convolution", "input": "pixels", "epochs": "10"]),
    ])
    func choicesAreTakenAndRecorded(_ options: [String], _ expected: [String: String]) throws {
        let (status, lines, settings) = try run(options)
        #expect(status == 0, "\(lines)")
        for (name, value) in expected { #expect(settings?[name] == value) }
    }

    @Test(arguments: [
        (["--momentum", "0.9"], "--momentum: --optimizer sgd expected, got adam"),
        (["--optimizer", "sgd", "--momentum", "1"], "a share of at least 0 and below 1 expected"),
        (
            ["--network", "convolution", "--input", "gradients"],
            "--network convolution: --input pixels expected, got gradients"
        ),
        (
            ["--upper-variable", "look-ahead", "--upper-rate", "0.1"],
            "--upper-rate: --upper-variable weights, weight-function or labels expected, got look-ahead"
        ),
        (
            ["--hypergradient", "soba"],
            "--hypergradient: --upper-variable weights, weight-function or labels expected, got transition"
        ),
        (
            ["--upper-variable", "weights", "--last-steps", "3"],
            "--last-steps: --hypergradient last-steps expected, got one-step"
        ),
        (["--optimizer", "sdg"], "one of adam, sgd expected; nearest valid choice: sgd"),
        (["--upper-variable", "label"], "nearest valid choice: labels"),
    ])
    func whatCannotBeIsAUsageError(_ options: [String], _ words: String) throws {
        let (status, lines, settings) = try run(options)
        #expect(status == 64 && settings == nil)
        #expect(lines.contains { $0.contains(words) }, "\(lines)")
    }
}
