import Datasets
import Foundation

/// Where each data set's files lie below `data/`, which files they are, and how they are checked.
package enum DataLayout: String, Sendable, CaseIterable {
    case omniglot, mnist, cifar10, cifar100, miniImageNet = "miniimagenet", tieredImageNet = "tieredimagenet"

    struct File {
        let name: String
        var folder = ""
        /// What its publisher's file hashes to, by the tool `md5sum` or `sha256sum`; nil where nothing is published.
        var published: (tool: String, digest: String)?
        /// Where it can be fetched.
        var address: String?
    }

    var files: [File] {
        func mnist(_ name: String, _ digest: String) -> File { File(name: name, published: ("sha256sum", digest)) }
        switch self {
        case .omniglot:
            let archives = "https://github.com/brendenlake/omniglot/raw/master/python",
                splits = "https://github.com/tristandeleu/pytorch-meta/raw/master/torchmeta/datasets/assets/omniglot"
            return [
                File(
                    name: "images_background.zip", published: ("md5sum", "68d2efa1b9178cc56df9314c21c6e718"),
                    address: "\(archives)/images_background.zip"),
                File(
                    name: "images_evaluation.zip", published: ("md5sum", "6b91aef0f799c5bb55b94e3f2daec811"),
                    address: "\(archives)/images_evaluation.zip"),
            ]
                + ["train", "val", "test"].map {
                    File(name: "\($0).json", folder: "splits", address: "\(splits)/\($0).json")
                }
        case .mnist:
            return [
                mnist("train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
                mnist("train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
                mnist("t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
                mnist("t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
            ]
        case .cifar10: return (1...5).map { File(name: "data_batch_\($0).bin") } + [File(name: "test_batch.bin")]
        case .cifar100: return ["train.bin", "test.bin", "fine_label_names.txt"].map { File(name: $0) }
        case .miniImageNet: return ["train", "val", "test"].map { File(name: "mini-imagenet-cache-\($0).pkl") }
        case .tieredImageNet:
            return ["train", "val", "test"].flatMap {
                [File(name: "\($0)_images_png.pkl"), File(name: "\($0)_labels.pkl")]
            }
        }
    }

    /// The archive in which its publisher packs the files.
    var archive: File? {
        switch self {
        case .cifar10:
            File(
                name: "cifar-10-binary.tar.gz",
                published: ("sha256sum", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"))
        case .cifar100:
            File(
                name: "cifar-100-binary.tar.gz",
                published: ("sha256sum", "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"))
        case .omniglot, .mnist, .miniImageNet, .tieredImageNet: nil
        }
    }

    /// Reads everything as the experiments will; what is there in words, or an error if it is not what was published.
    func check(_ folder: String) throws -> String {
        func expect(_ found: [Int], _ expected: [Int], _ what: String) throws {
            guard found == expected else {
                throw DatasetError.damaged(
                    at: rawValue,
                    "\(expected.map(String.init).joined(separator: ", ")) \(what) expected, got "
                        + "\(found.map(String.init).joined(separator: ", "))"
                )
            }
        }
        func fewShot(_ dataset: FewShotDataset, _ expected: [Int]) throws -> String {
            let data = try FewShotData.load(dataset, path: folder),
                counts = [data.train, data.validation, data.test].map(\.classCount)
            try expect(counts, expected, "training, validation and test classes")
            return "\(counts[0]) training, \(counts[1]) validation and \(counts[2]) test classes"
        }
        switch self {
        case .omniglot: return try fewShot(.omniglot, [4 * 1028, 4 * 172, 4 * 423]) + ", rotations among them"
        case .miniImageNet: return try fewShot(.miniImageNet, [64, 16, 20])
        case .tieredImageNet: return try fewShot(.tieredImageNet, [351, 97, 160])
        case .mnist:
            let counts = [
                try ImageDataset.mnist.loadTraining(directory: folder).count,
                try ImageDataset.mnist.loadTest(directory: folder).count,
            ]
            try expect(counts, [60_000, 10_000], "training and test images")
            return "60000 training and 10000 test images"
        case .cifar10:
            try expect([try ImageDataset.cifar10.loadTraining(directory: folder).count], [60_000], "images")
            return "60000 images"
        case .cifar100:
            try expect([try CIFAR.classes100(directory: folder).classCount], [100], "classes")
            return "100 classes; few-shot train expects a split of them in --split-file"
        }
    }

    var command: String {
        switch self {
        case .mnist, .cifar10: "hyper-cleaning --dataset \(rawValue) --data-directory"
        default: "few-shot train --dataset \(rawValue) --data"
        }
    }

    /// Lays the files out in `root`/NAME, checked; nothing is there if anything fails.
    /// - Parameters:
    ///   - source: the folder of what was downloaded, files anywhere below it; nil fetches what can be fetched.
    ///   - say: takes each line of progress.
    package func prepare(from source: String?, into root: String, say: (String) -> Void) throws {
        let target = "\(root)/\(rawValue)", partial = "\(target).partial", files = FileManager.default
        guard !files.fileExists(atPath: target) else {
            throw DatasetError.unwritable(at: target, "no such folder expected yet; remove it to prepare it anew")
        }
        try? files.removeItem(atPath: partial)
        do { try files.createDirectory(atPath: partial, withIntermediateDirectories: true) } catch {
            throw DatasetError.unwritable(at: root, "a folder that can be written expected")
        }
        defer { try? files.removeItem(atPath: partial) }

        if let source {
            try copyFiles(from: source, to: partial, say)
        } else {
            for file in self.files {
                guard let address = file.address else {
                    throw DatasetError.impossible(
                        at: rawValue,
                        "the folder of its downloaded files expected "
                            + "(\(self.files.map(\.name).joined(separator: ", ")) or "
                            + "\(archive?.name ?? "a folder of them")): it cannot be fetched"
                    )
                }
                say("fetching \(file.name)")
                let place = try path(of: file, in: partial)
                guard try run("curl", "-fsSL", "--retry", "2", "-o", place, address).status == 0 else {
                    throw DatasetError.unreadable(
                        at: rawValue,
                        "a network expected to fetch \(address) from; without one, download it elsewhere and "
                            + "name its folder"
                    )
                }
                try verify(file, at: place, say)
            }
        }
        say("\(rawValue): \(try check(partial))")
        do { try files.moveItem(atPath: partial, toPath: target) } catch {
            throw DatasetError.unwritable(at: target, "a folder that can be written expected")
        }
        say("swift run -c release \(command) \(target)")
    }

    private func copyFiles(from source: String, to partial: String, _ say: (String) -> Void) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: source, isDirectory: &isFolder), isFolder.boolValue else {
            throw DatasetError.missing(at: source, "the folder of the downloaded files expected, it is not there")
        }
        // By name; of several the first in the order of their paths.
        let paths = (FileManager.default.subpaths(atPath: source) ?? []).sorted()
        let places = Dictionary(paths.map { (($0 as NSString).lastPathComponent, "\(source)/\($0)") }) { first, _ in
            first
        }
        if let archive, let place = places[archive.name], places[files[0].name] == nil {
            try verify(archive, at: place, say)
            guard try run("tar", "-xzf", place, "-C", partial, "--strip-components=1").status == 0 else {
                throw DatasetError.damaged(at: place, "an intact tar archive expected")
            }
            for file in files where !FileManager.default.fileExists(atPath: "\(partial)/\(file.name)") {
                throw DatasetError.missing(at: place, "\(file.name) expected in the archive, it is not there")
            }
            return
        }
        for file in files {
            // A compressed file may have been unpacked already.
            let names = [file.name] + (file.name.hasSuffix(".gz") ? [String(file.name.dropLast(3))] : [])
            guard let name = names.first(where: { places[$0] != nil }) else {
                throw DatasetError.missing(
                    at: source,
                    "\(names.joined(separator: " or ")) "
                        + "expected\(archive.map { ", or \($0.name)" } ?? ""), it is not there"
                )
            }
            let place = try path(of: File(name: name, folder: file.folder), in: partial)
            do { try FileManager.default.copyItem(atPath: places[name]!, toPath: place) } catch {
                throw DatasetError.unwritable(at: place, "room for a copy of \(places[name]!) expected")
            }
            if name == file.name { try verify(file, at: place, say) }
        }
    }

    private func path(of file: File, in folder: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(file.folder)", withIntermediateDirectories: true)
        return file.folder.isEmpty ? "\(folder)/\(file.name)" : "\(folder)/\(file.folder)/\(file.name)"
    }

    /// Says whether a file is the published one. Others are not refused: archives are packed anew by distributions, and
    /// `check` reads all of it.
    private func verify(_ file: File, at path: String, _ say: (String) -> Void) throws {
        guard let published = file.published else { return say("\(file.name): no checksum is published") }
        let digest = try run(published.tool, path).output.prefix { $0 != " " }
        say(
            digest == published.digest
                ? "\(file.name): the published file"
                : "\(file.name): not the published file (\(published.tool) \(published.digest) expected, "
                    + "got \(digest)); its content is checked all the same"
        )
    }

    private func run(_ tool: String, _ arguments: String...) throws -> (status: Int32, output: String) {
        let process = Process(), pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch {
            throw DatasetError.unreadable(at: tool, "a program of this name expected, it cannot be started")
        }
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }
}
