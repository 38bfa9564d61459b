import Datasets
import Foundation
import Tensors

/// A reader of files with intact files of its format.
struct Reader {
    let name: String
    let corpus: [[UInt8]]
    /// Where the input is written, below the scratch folder, before it is read.
    let file: String
    /// What is done to the changed bytes before they are written, to half of the inputs.
    var repair: ([UInt8]) -> [UInt8] = { $0 }
    /// Reads the file below the scratch folder; errors are what most inputs deserve.
    let read: (_ scratch: String) throws -> Void
}

/// Every reader, with its intact files from the fixtures of Datasets' tests or made here.
func readers(fixtures: String, scratch: String) throws -> [Reader] {
    func fixture(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(fixtures)/\(name)")))
    }
    func objects(_ name: String, _ key: String) throws -> [[UInt8]] {
        let list = try JSONSerialization.jsonObject(with: Data(fixture(name))) as? [[String: Any]] ?? []
        return list.compactMap { ($0[key] as? String).flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) } }
    }
    func dictionary(_ name: String) throws -> [[UInt8]] {
        try JSONDecoder().decode([String: Data].self, from: Data(fixture(name))).sorted { $0.key < $1.key }.map {
            [UInt8]($0.value)
        }
    }
    func write(_ bytes: [UInt8], _ name: String) throws {
        let url = URL(fileURLWithPath: "\(scratch)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }
    func text(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }
    let memory = ImageCache(directory: nil)

    let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 4] + [UInt8](0..<48)
    let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9]
    try write(labels, "idx/train-labels-idx1-ubyte")
    try write(images, "labels/train-images-idx3-ubyte")
    try write(labels, "gzip/train-labels-idx1-ubyte")
    for part in ["val", "test"] {
        try write(Array("\(part) class".utf8), "csv/\(part).txt")
        try write(Array("[\"\(part) class\"]".utf8), "json/\(part).json")
    }
    let glyphs = Glyphs(seed: 0, side: 8).images(classes: 4, imagesPerClass: 5)
    let episodes = EpisodeList(try EpisodeSampler(glyphs, ways: 2, shots: 1, queries: 2, seed: 0), of: glyphs, count: 5)
    try episodes.write(to: "\(scratch)/episodes-intact.txt")
    try Checkpoint(
        tensors: [("a.weight", Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])), ("b", Tensor([1.0, 2.0]))],
        notes: ["iteration": "3"]
    ).write(to: "\(scratch)/intact.safetensors")
    try Checkpoint(tensors: [("x", Tensor([1, 2, 3, 4, 5, 6, 7, 8] as [Float], shape: [4, 2]))], notes: [:])
        .write(to: "\(scratch)/features.safetensors")
    try write(Array("0\n1\n0\n1\n".utf8), "four.txt")
    func intact(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(scratch)/\(name)")))
    }
    // The cache of a folder with one picture.
    try write(objects("png.json", "png")[0], "cached/a/1.png")
    func cached() throws -> ImageClasses {
        try ImageClasses(
            contentsOf: FileTree(path: "\(scratch)/cached"), name: "c", preparation: ImagePreparation(),
            cache: ImageCache(directory: "\(scratch)/cache"))
    }
    _ = try cached()
    let cacheFile = "cache/" + (try FileManager.default.contentsOfDirectory(atPath: "\(scratch)/cache")[0])

    for name in [
        "table/1.png", "table/2.png", "table/3.png", "table/4.png", "folders/a/1.png", "folders/a/2.png",
        "folders/b/1.png", "folders/b/2.png",
    ] {
        try write(objects("png.json", "png")[0], name)
    }

    let png = try objects("png.json", "png"), jpeg = try objects("jpeg.json", "jpeg")
    let pickles = try dictionary("odd-pickles.json") + (2...5).map { try fixture("pickles/mini-\($0).pkl") }
    func picture(_ scratch: String) throws {
        _ = try Picture.decode([UInt8](Data(contentsOf: URL(fileURLWithPath: "\(scratch)/picture"))), name: "picture")
    }
    return [
        Reader(name: "idx", corpus: [images], file: "idx/train-images-idx3-ubyte") {
            _ = try ImageDataset.mnist.loadTraining(directory: "\($0)/idx")
        },
        Reader(name: "idx-labels", corpus: [labels], file: "labels/train-labels-idx1-ubyte") {
            _ = try ImageDataset.mnist.loadTraining(directory: "\($0)/labels")
        },
        Reader(
            name: "gzip", corpus: [Array(gzipped), Array(gzipped) + gzipped], file: "gzip/train-images-idx3-ubyte.gz"
        ) {
            _ = try ImageDataset.mnist.loadTraining(directory: "\($0)/gzip")
        },
        Reader(name: "cifar", corpus: [[1] + [UInt8](repeating: 3, count: 3072)], file: "cifar/test_batch.bin") {
            _ = try ImageDataset.cifar10.loadTraining(directory: "\($0)/cifar")
        },
        Reader(name: "png", corpus: png, file: "picture", repair: repairedPNG, read: picture),
        Reader(name: "jpeg", corpus: jpeg, file: "picture", read: picture),
        Reader(
            name: "pictures", corpus: try png + jpeg + dictionary("other-pictures.json"), file: "picture", read: picture
        ),
        Reader(name: "zip", corpus: [try fixture("small.zip"), try fixture("large.zip")], file: "tree.zip") {
            let tree = try FileTree(path: "\($0)/tree.zip")
            for path in tree.paths { _ = try? tree.contents(of: path) }
            _ = tree.leftOutOfImages.summary
        },
        Reader(name: "pickle", corpus: pickles, file: "mini.pkl") {
            _ = try ImageClasses(miniImageNetPickle: "\($0)/mini.pkl", name: "mini", cache: memory)
        },
        Reader(
            name: "pickled-pictures",
            corpus: [
                try fixture("pickles/tiered-2/train_images_png.pkl"),
                try fixture("pickles/tiered-5/train_images_png.pkl"),
            ],
            file: "tiered.pkl"
        ) {
            _ = try ImageClasses(
                tieredImageNetPickles: "\($0)/tiered.pkl", labels: "\(fixtures)/pickles/tiered-4/train_labels.pkl",
                name: "tiered", cache: memory)
        },
        Reader(
            name: "csv",
            corpus: text(
                "filename,label\r\n1.png,a\r\n2.png,\"b, \"\"c\"\"\"\r\n", "a\nb,animal\n\u{301}c\n",
                "\u{FEFF}filename;label\n1.png;a\n"),
            file: "csv/train.csv"
        ) { _ = try ClassSplit(directory: "\($0)/csv") },
        Reader(
            name: "json",
            corpus: text(
                "[\"a\", \"b\"]", "{\"background\": {\"Greek\": [\"c1\", \"c2\"]}, \"evaluation\": {\"x\": []}}"),
            file: "json/train.json"
        ) { _ = try ClassSplit(directory: "\($0)/json") },
        Reader(name: "episodes", corpus: [try intact("episodes-intact.txt")], file: "episodes.txt") {
            _ = try EpisodeList(path: "\($0)/episodes.txt", of: glyphs)
        },
        Reader(name: "image-cache", corpus: [try intact(cacheFile)], file: cacheFile) { _ in
            let images = try cached()
            for index in 0..<images.imageCount { _ = images.picture(index) }
        },
        Reader(name: "safetensors", corpus: [try intact("intact.safetensors")], file: "c.safetensors") {
            _ = try Checkpoint(path: "\($0)/c.safetensors")
        },
        Reader(name: "npy", corpus: try objects("npy.json", "npy"), file: "array.npy") {
            let file = try NPYFile(path: "\($0)/array.npy")
            _ = try? file.texts()
            _ = try? file.integers()
            _ = try file.floats()
        },
        Reader(
            name: "label-table",
            corpus: text(
                "file_name,label\r\n1.png,a\r\n2.png,a\r\n3.png,\"b, \"\"c\"\"\"\r\n4.png,\"b, \"\"c\"\"\"\r\n",
                "1.png;a\n2.png;a\n./3.png;b\n4.png;b\n"),
            file: "table/labels.csv"
        ) {
            let source = try CleaningSource(path: "\($0)/table")
            _ = source.correctedLabels([0: 1, 1: Int32?.none])
            _ = try source.trusted("\($0)/table/labels.csv")
        },
        Reader(
            name: "row-labels",
            corpus: text("2,a\n0,b\n1,a\n3,b\n", "row,label\n0,1\n1,1\n2,-5\n3,-5\n", "label\na\nb\nb\na\n"),
            file: "rows/labels.csv"
        ) {
            let source = try CleaningSource(
                path: "\($0)/features.safetensors", labelsPath: "\($0)/rows/labels.csv")
            _ = source.correctedLabels([0: 1, 1: Int32?.none])
        },
        Reader(name: "picture-header", corpus: png + jpeg, file: "folders/b/2.png") {
            _ = try CleaningSource(path: "\($0)/folders")
        },
        Reader(name: "safetensors-features", corpus: [try intact("features.safetensors")], file: "f.safetensors") {
            _ = try CleaningSource(path: "\($0)/f.safetensors", labelsPath: "\($0)/four.txt")
        },
    ]
}

/// Python's gzip.compress(bytes([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 4]) + bytes(range(48)), mtime=0).
private let gzipped: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 99, 96, 224, 96, 102, 96, 96, 0, 97, 22, 48, 102, 100, 98, 102, 97, 101, 99,
    231, 224, 228, 226, 230, 225, 229, 227, 23, 16, 20, 18, 22, 17, 21, 19, 151, 144, 148, 146, 150, 145, 149, 147,
    87, 80, 84, 82, 86, 81, 85, 83, 215, 208, 212, 210, 214, 209, 213, 211, 7, 0, 178, 49, 229, 237, 64, 0, 0, 0,
]
