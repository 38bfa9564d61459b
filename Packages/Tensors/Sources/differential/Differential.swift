import Foundation
import RandomGraphs
import Tensors

/// Evaluates graphs for `Tools/differential`: a request is a line of JSON, its answer too.
///
/// Numbers come back as float64 in base 64, little-endian: they are many.
@main struct Differential {
    struct Request: Decodable {
        let graph: GraphDescription
        let evaluation: GraphEvaluation
    }

    struct Answer: Encodable {
        var values: [Data] = []
        var gradient: [Data] = []
        var hessianProduct: [Data] = []
        var pushforward: [Data] = []
        var hasSameBits = true
        var error: String?
    }

    static func main() throws {
        let decoder = JSONDecoder(), encoder = JSONEncoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        var pools: [Int: ThreadPool] = [:]
        while let line = readLine() {
            var answer = Answer()
            do {
                let request = try decoder.decode(Request.self, from: Data(line.utf8))
                let results = try request.graph.results(request.evaluation) { threads in
                    if pools[threads] == nil { pools[threads] = ThreadPool(threadCount: threads) }
                    return pools[threads]!
                }
                answer.values = results.values.map(bytes)
                answer.gradient = results.gradient.map(bytes)
                answer.hessianProduct = results.hessianProduct.map(bytes)
                answer.pushforward = results.pushforward.map(bytes)
                answer.hasSameBits = results.hasSameBits
            } catch {
                answer.error = "\(error)"
            }
            FileHandle.standardOutput.write(try encoder.encode(answer) + [UInt8(ascii: "\n")])
        }
    }

    private static func bytes(_ scalars: [Double]) -> Data { scalars.withUnsafeBytes { Data($0) } }
}
