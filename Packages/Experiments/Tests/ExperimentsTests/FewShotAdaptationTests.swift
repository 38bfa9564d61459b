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

        // With statistics that do not come from the query, each picture stands alone, to the bit.
        try alone(path, folder, data.test)

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

    /// Every seventh picture, alone and in the midst of fifty others.
    private func alone(_ checkpoint: String, _ folder: String, _ images: ImageClasses) throws {
        func adapt(_ query: String, _ normalization: NormalizationName? = nil) throws -> FewShotAdaptation {
            var options = FewShotAdaptation.Options()
            options.normalization = normalization
            return try FewShotAdaptation(
                checkpointPath: checkpoint, support: "\(folder)/support", query: query, options: options)
        }
        let pictures = (0..<50).map { images.images(ofClass: $0 % 5 + 3).lowerBound + 10 + $0 / 5 }
        func lay(_ numbers: some Sequence<Int>, in place: String, _ name: (Int) -> String) throws {
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            for number in numbers {
                try Data(PNG.encode(images.picture(pictures[number]))).write(
                    to: URL(fileURLWithPath: "\(place)/\(name(number)).png"))
            }
        }
        try lay(0..<50, in: "\(folder)/fifty") { "\($0)" }
        // The other way round.
        try lay(0..<50, in: "\(folder)/reversed") { "\(99 - $0)" }
        func answers(_ adaptation: FewShotAdaptation) -> [String: [Double]] {
            Dictionary(uniqueKeysWithValues: adaptation.guesses.map { ($0.path, $0.probabilities) })
        }
        let fifty = answers(try adapt("\(folder)/fifty")), reversed = answers(try adapt("\(folder)/reversed"))
        #expect(fifty.count == 50 && Set(fifty.values).count > 40)
        for number in 0..<50 { #expect(fifty["\(number).png"] == reversed["\(99 - number).png"], "\(number)") }
        for number in stride(from: 0, to: 50, by: 7) {
            let place = "\(folder)/alone \(number)"
            try lay([number], in: place) { "\($0)" }
            let one = answers(try adapt(place))
            #expect(one == ["\(number).png": fifty["\(number).png"]!], "\(number)")
        }
        // The paper's way depends on the company, and is there for who asks.
        let transductive = answers(try adapt("\(folder)/fifty", .transductive))
        let lonely = answers(try adapt("\(folder)/alone 7", .transductive))
        #expect(transductive != fifty && transductive["7.png"] != lonely["7.png"])
        #expect(throws: CheckpointError.self) { _ = try adapt("\(folder)/fifty", .running) }
    }

    /// With prototypes: any number of classes, pictures whose ground is light, and strangers told.
    @Test func prototypesTakeAnyClassesAndRefuseStrangers() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("adapt-\(UUID().uuidString)").path,
            data = try FewShotData.load(.glyphs, path: "")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try layOut(data.test, in: folder, classes: 8)
        // The same pictures dark on light, and pictures of other classes.
        for (place, classes, inverts) in [("light", 0..<3, true), ("strangers", 20..<40, false)] {
            for label in classes {
                let name = place == "light" ? "shape \(label)" : "x"
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/\(place)/\(name)", withIntermediateDirectories: true)
                for image in Array(data.test.images(ofClass: label))[4..<6] {
                    let picture = data.test.picture(image)
                    try Data(PNG.encode(inverts ? picture.inverted() : picture)).write(
                        to: URL(fileURLWithPath: "\(folder)/\(place)/\(name)/\(image).png"))
                }
            }
        }
        var settings = FewShotConfiguration()
        (settings.dataset, settings.hidden, settings.upperRate) = (.glyphs, 16, 3e-3)
        (settings.method, settings.normalization, settings.innerIterations) = (.prototypes, .running, 1)
        (settings.validateEvery, settings.validationEpisodes, settings.metaIterations) = (60, 20, 60)
        let run = try FewShotRun(settings, data: data)
        for _ in 0..<60 { _ = try run.step() }
        let path = "\(folder)/trained.safetensors"
        try run.checkpoint.write(to: path)
        func adapt(_ query: String, _ change: (inout FewShotAdaptation.Options) -> Void = { _ in }) throws
            -> FewShotAdaptation
        {
            var options = FewShotAdaptation.Options()
            change(&options)
            return try FewShotAdaptation(
                checkpointPath: path, support: "\(folder)/support", query: "\(folder)/\(query)", options: options)
        }
        let own = try adapt("query"), strangers = try adapt("strangers"), light = try adapt("light")
        #expect(own.classNames.count == 8 && own.guesses.count == 32)
        let refused = Double(strangers.guesses.count(where: \.isNone)) / Double(strangers.guesses.count),
            wronglyRefused = Double(own.guesses.count(where: \.isNone)) / Double(own.guesses.count)
        #expect(refused > wronglyRefused + 0.1, "\(refused) of strangers, \(wronglyRefused) of own")
        #expect(try adapt("strangers") { $0.alwaysChooses = true }.guesses.allSatisfy { !$0.isNone })

        // Light on dark and dark on light are one drawing, unless it is said that they are not.
        #expect(light.notes.contains { $0.contains("6 of 6 pictures turned over") })
        let dark = Dictionary(uniqueKeysWithValues: light.guesses.map { ($0.path, $0.probabilities) }),
            asIs = try adapt("light") { $0.polarity = .asIs }
        #expect(asIs.guesses.contains { dark[$0.path] != $0.probabilities })
        // Asked for, it holds for labelled pictures too.
        let known = [InkPolarity.dark, .border].map { polarity in
            Result {
                var options = FewShotAdaptation.Options()
                options.polarity = polarity
                return try FewShotAdaptation(
                    checkpointPath: path, support: "\(folder)/light", query: "\(folder)/light", options: options
                ).guesses.map(\.probabilities)
            }
        }
        #expect(try known[0].get() == known[1].get())

        // The wrong ones come first in the report, and every known one is framed.
        try own.write(to: "\(folder)/out", checkpoint: path)
        let page = try String(contentsOfFile: "\(folder)/out/report.html", encoding: .utf8)
        #expect(page.components(separatedBy: "class='wrong'").count - 1 == own.guesses.count { $0.isRight == false })
        #expect(page.components(separatedBy: "class='right'").count - 1 == own.guesses.count { $0.isRight == true })
        if let wrong = page.range(of: "class='wrong'", options: .backwards), let right = page.range(of: "class='right'")
        {
            #expect(wrong.upperBound < right.lowerBound)
        }
    }
}
