import Datasets
import Foundation
import Reporting
import RunSupport

/// What a run of label cleaning came to, as values.
package struct CleaningOutcome {
    package let configuration: CleaningConfiguration
    let settings: RunSettings
    let data: CleaningData
    let output: CleaningOutput
    let rows: [MetricsRow]
    /// Nil where the run was stopped before it had learned anything.
    package let verdicts: Verdicts?
    /// Of the networks' mean prediction on the test samples; nil without them.
    package let testAccuracy: Double?
    let peakMemoryBytes: Int
    package let stoppedBecause: String?

    /// Where the wrong labels are known.
    package var metrics: RankingMetrics? {
        guard let verdicts, let isWrong = output.isWrong else { return nil }
        return RankingMetrics(
            isWrong: verdicts.verdicts.map { isWrong[$0.sample] }, isFlagged: verdicts.verdicts.map(\.isFlagged))
    }

    /// What was found, in a sentence: for the terminal and the head of the report.
    package var sentence: String {
        guard let verdicts else { return "Stopped before anything was learned." }
        let total = data.samples.count, given = Double(data.given.count) / Double(max(total, 1))
        func percent(_ share: Double) -> String { String(format: "%.1f", share * given * 100) }
        let first = verdicts.verdicts.prefix(3).map { verdict in
            "\(data.samples.names[verdict.sample]) (\(name(verdict.given)), looks like \(name(verdict.suggested)))"
        }
        return "\(grouped(verdicts.flaggedCount)) of \(grouped(total)) labels look wrong "
            + "(\(percent(verdicts.estimate.low)) to \(percent(verdicts.estimate.high)) %); the first: "
            + first.joined(separator: ", ") + "."
    }

    /// Of each flagged sample its new class; nil where it is dropped. Nil where nothing was learned.
    package var corrections: [Int: Int32?]? { verdicts.map(corrections) }

    private func corrections(_ verdicts: Verdicts) -> [Int: Int32?] {
        Dictionary(
            uniqueKeysWithValues: verdicts.verdicts.filter(\.isFlagged)
                .map { ($0.sample, output.correction == .drop ? nil : $0.suggested) })
    }

    func name(_ label: Int32) -> String { data.samples.classNames[Int(label)] }

    /// 10000 as 10,000.
    private func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.enumerated().reduce("") { text, digit in
            let rest = digits.count - digit.offset
            return text + (digit.offset > 0 && rest % 3 == 0 ? "," : "") + String(digit.element)
        }
    }
}

/// The files of a run of label cleaning.
extension CleaningOutcome: RunOutcome {
    package var files: [(name: String, content: [UInt8])] {
        guard let verdicts else { return [] }
        return [("suspects.csv", Array(suspects(verdicts).utf8)), ("labels-corrected.csv", corrected(verdicts))]
    }

    private func suspects(_ verdicts: Verdicts) -> String {
        let header = [
            "name", "given", "suggested", "probabilityGiven", "probabilitySuggested", "score", "flagged",
        ]
        return CSV.text(
            [header]
                + verdicts.verdicts.map { verdict in
                    [
                        data.samples.names[verdict.sample], name(verdict.given), name(verdict.suggested),
                        numberText(verdict.probabilityGiven), numberText(verdict.probabilitySuggested),
                        numberText(verdict.score), verdict.isFlagged ? "1" : "0",
                    ]
                })
    }

    private func corrected(_ verdicts: Verdicts) -> [UInt8] {
        output.correctedLabels(corrections(verdicts))
    }

    package var summary: JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
        let estimate = verdicts?.estimate, given = Double(data.given.count)
        return [
            "sentence": .string(sentence), "samples": .integer(data.samples.count),
            "trusted": .integer(data.trusted.count), "classes": .integer(data.classCount),
            "flagged": .integer(verdicts?.flaggedCount ?? 0),
            "estimatedWrong": number(estimate.map { $0.share * given }),
            "estimatedWrongLow": number(estimate.map { $0.low * given }),
            "estimatedWrongHigh": number(estimate.map { $0.high * given }),
            "structure": verdicts.map { .string($0.structure.rawValue) } ?? .null,
            "testAccuracy": number(testAccuracy), "averagePrecision": number(metrics?.averagePrecision),
            "precisionAt64": number(metrics?.precisionAt64), "precision": number(metrics?.precision),
            "recall": number(metrics?.recall), "f1": number(metrics?.f1),
            "trainingSeconds": .number(rows.reduce(0) { $0 + $1.number("seconds") }),
            "peakMemoryBytes": .integer(peakMemoryBytes), "stoppedBecause": stoppedBecause.json,
        ]
    }
}
