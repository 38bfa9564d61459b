import Datasets
import FewShotSupport
import Foundation
import Reporting
import RunSupport
import Tensors
import Testing

/// A checkpoint trained on some glyphs tells five others apart, from PNG files in class folders.
@Suite struct FewShotAdaptationTests {
    /// Classes of 1, 2 and 3 labelled images; four images of each to be told apart, those of the last two classes
    /// without a class folder.
    private func layOut(_ images: ImageClasses, in folder: String, classes: Int = 5) throws {
        for label in 0..<classes {
            let members = Array(images.images(ofClass: label)), shots = 1 + label % 3
            for (i, image) in members.prefix(shots + 4).enumerated() {
                let place = i < shots ? "support/shape \(label)" : label < 3 ? "query/shape \(label)" : "query"
                try FileManager.default.createDirectory(atPath: "\(folder)/\(place)", withIntermediateDirectories: true)
                try Data(PNG.encode(images.picture(image))).write(
                    to: URL(fileURLWithPath: "\(folder)/\(place)/\(label)-\(i).png"))
            }
        }
    }

    @Test func aCheckpointTellsNewClassesApart() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("adapt-\(UUID().uuidString)").path,
            data = try FewShotData.load(.glyphs, path: "")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try layOut(data.test, in: folder)
        var settings = FewShotConfiguration()
        settings.dataset = .glyphs
        settings.hidden = 16
        settings.upperRate = 3e-3
        let run = try FewShotRun(settings, data: data)
        for _ in 0..<40 { _ = try run.step() }
        let path = "\(folder)/trained.safetensors"
        try run.checkpoint.write(to: path)

        let adaptation = try FewShotAdaptation(
            checkpointPath: path, support: "\(folder)/support", query: "\(folder)/query")
        #expect(adaptation.classNames == (0..<5).map { "shape \($0)" } && adaptation.guesses.count == 20)
        #expect(adaptation.guesses.count { $0.trueClass != nil } == 12)
        #expect(adaptation.guesses.allSatisfy { abs($0.probabilities.reduce(0, +) - 1) < 1e-5 })
        // The name of each file begins with its class; chance is 4 of 20.
        let right = adaptation.guesses.count { $0.path.split(separator: "/").last!.hasPrefix("\($0.predicted)-") }
        #expect(right >= 12, "\(right) of 20")
        #expect(adaptation.accuracy! > 0.5)

        try adaptation.write(to: "\(folder)/out", checkpoint: path)
        let rows = try String(contentsOfFile: "\(folder)/out/predictions.csv", encoding: .utf8).split(separator: "\n"),
            guess = adaptation.guesses[0]
        #expect(rows.count == 21 && rows[1].hasPrefix("\(guess.path),\(adaptation.classNames[guess.predicted]),"))
        #expect(
            try String(contentsOfFile: "\(folder)/out/report.html", encoding: .utf8).components(separatedBy: "<img")
                .count == 1 + 20 + 9)

        // Weights of 3e38 are finite, what comes of them is not: never a guess, never a figure.
        var wild = Checkpoint(notes: run.checkpoint.notes)
        for (name, tensor) in run.checkpoint.tensors {
            let isWild = name.hasPrefix("selected.z")
            wild.add(isWild ? Tensor(repeating: 3e38, shape: tensor.shape).evaluated() : tensor, as: name)
        }
        let wildPath = "\(folder)/wild.safetensors"
        try wild.write(to: wildPath)
        #expect(throws: RunError.notFinite(place: "\(folder)/query", quantity: "the predictions")) {
            _ = try FewShotAdaptation(
                checkpointPath: wildPath, support: "\(folder)/support", query: "\(folder)/query")
        }
        try run.restoreSelected(wild, file: wildPath)
        #expect(throws: RunError.notFinite(place: "glyphs test episode 0", quantity: "the predictions")) {
            _ = try run.test(count: 2)
        }

        try FileManager.default.removeItem(atPath: "\(folder)/support/shape 4")
        #expect {
            _ = try FewShotAdaptation(checkpointPath: path, support: "\(folder)/support", query: "\(folder)/query")
        } throws: {
            "\($0)" == "\(path): a checkpoint of 4 ways, as \(folder)/support holds 4 classes, expected, got 5 ways"
        }
        #expect {
            _ = try FewShotAdaptation(checkpointPath: path, support: "\(folder)/query", query: "\(folder)/query")
        } throws: { "\($0)".contains("3-1.png lies in none") }
    }
}
