import Datasets
import Testing

@Suite struct ErrorTests {
    @Test("a caller can tell kinds of errors apart, and each is one line that begins with its place")
    func kinds() throws {
        let scratch = try Scratch()
        try scratch.write([1, 2, 3], "train-images-idx3-ubyte")
        try scratch.write([1, 2, 3], "train-labels-idx1-ubyte")
        func error(_ body: () throws(DatasetError) -> Void) -> DatasetError? {
            do { try body() } catch { return error }
            return nil
        }
        guard
            case .missing(scratch.path, _)? = error({ () throws(DatasetError) in
                _ = try ImageDataset.mnist.loadTest(directory: scratch.path)
            })
        else { return #expect(Bool(false), "a missing file should be .missing") }
        let cutOff = error { () throws(DatasetError) in
            _ = try ImageDataset.mnist.loadTraining(directory: scratch.path)
        }
        guard case .damaged(let place, _)? = cutOff else {
            return #expect(Bool(false), "a file that is cut off should be .damaged")
        }
        #expect(place == "\(scratch.path)/train-images-idx3-ubyte" && cutOff?.place == place)
        #expect(cutOff?.description.hasPrefix("\(place): ") == true)
    }

    @Test("a wrong number of pixels stops with what was expected and the caller's place, in release builds too")
    func wrongShapes() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = RasterImage(width: 2, height: 2, channels: 1, pixels: [1, 2, 3])
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("2 x 2 x 1 samples expected, got 3") && text.contains("ErrorTests.swift"))
    }
}
