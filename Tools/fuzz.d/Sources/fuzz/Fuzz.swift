import Foundation
import Randomness

/// `fuzz list` prints the readers' names; `fuzz READER COUNT SEED FIXTURES SCRATCH` gives a reader so many changed
/// files.
///
/// The input is on disk before it is read, so it is there when the process dies. Ends with 1 if an input takes longer
/// than 2 s of processor time.
@main
struct Fuzz {
    static let limit = 2.0

    static func main() throws {
        let arguments = CommandLine.arguments
        if arguments.count == 2, arguments[1] == "list" {
            print(
                [
                    "idx", "idx-labels", "gzip", "cifar", "png", "jpeg", "pictures", "zip", "pickle",
                    "pickled-pictures", "csv",
                ]
                .joined(separator: "\n"))
            return print(["json", "episodes", "image-cache", "safetensors", "npy"].joined(separator: "\n"))
        }
        guard arguments.count == 6, let count = Int(arguments[2]), let seed = UInt64(arguments[3]) else {
            FileHandle.standardError.write(Data("fuzz: READER COUNT SEED FIXTURES SCRATCH expected\n".utf8))
            exit(64)
        }
        let scratch = arguments[5]
        guard
            let reader = try readers(fixtures: arguments[4], scratch: scratch).first(where: { $0.name == arguments[1] })
        else {
            FileHandle.standardError.write(Data("fuzz: no reader is called \(arguments[1])\n".utf8))
            exit(64)
        }
        try run(reader, count, seed, scratch)
    }

    private static func run(_ reader: Reader, _ count: Int, _ seed: UInt64, _ scratch: String) throws {
        let path = "\(scratch)/\(reader.file)"
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        var refused = 0, longest = 0.0
        for index in 0..<count {
            var mutation = Mutation(random: RandomGenerator(seed: seed, stream: .input(index, of: reader.name)))
            var bytes = mutation.changed(reader.corpus)
            if index % 2 == 0 { bytes = reader.repair(bytes) }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            // Ends the process where a reader never comes back.
            alarm(60)
            let start = processorTime()
            do { try reader.read(scratch) } catch { refused += 1 }
            let time = processorTime() - start
            longest = max(longest, time)
            guard time <= limit else {
                print("\(reader.name): input \(index) of seed \(seed) took \(String(format: "%.1f", time)) s")
                exit(1)
            }
        }
        print(
            "\(reader.name): \(count) inputs, \(refused) refused, the slowest \(Int((longest * 1000).rounded())) ms, "
                + "no crash")
    }

    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
