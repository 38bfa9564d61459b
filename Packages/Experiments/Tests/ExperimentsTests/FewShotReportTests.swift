import Foundation
import Testing

/// What the report of few-shot training shows.
@Suite struct FewShotReportTests {
    @Test("an example episode, what classes are taken for, validation with its interval, each setting once")
    func report() throws {
        let life = try RealLife()
        let answer = try life.run(
            "few-shot",
            ["train", "--dataset", "glyphs", "--ways", "5"] + RealLife.shortest
                + ["--queries", "4", "--validation-episodes", "3", "--test-episodes", "6"])
        #expect(answer.status == 0, "\(answer.lines)")
        let page = answer.text("report.html")
        // Five labelled pictures and the twenty of the query, framed.
        #expect(page.components(separatedBy: "<img").count - 1 == 25)
        let right = page.components(separatedBy: "class='right'").count - 1,
            wrong = page.components(separatedBy: "class='wrong'").count - 1
        #expect(right + wrong == 20 && page.contains("\(right) of 20 right"))
        #expect(page.contains("<polygon"))
        // Every picture that was asked is counted once, the right ones as often as the accuracies say.
        let pairs = answer.text("confusion.csv").split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
        #expect(pairs.reduce(0) { $0 + Int($1[2])! } == 6 * 20)
        let accuracy = try answer.summary("accuracy", as: Double.self)
        #expect(pairs.filter { $0[0] == $0[1] }.reduce(0) { $0 + Int($1[2])! } == Int((accuracy * 120).rounded()))
        // Hashes stand whole in JSON only.
        let hash = try answer.summary("splitHash", as: String.self)
        #expect(hash.count == 64 && !page.contains(hash) && page.contains(hash.prefix(12)))
        for name in ["method", "seed", "splitHash"] {
            #expect(page.components(separatedBy: "<td>\(name)</td>").count == 2, "\(name)")
        }
        #expect(page.firstMatch(of: /[0-9]\.[0-9]{9,}/) == nil)
    }
}
