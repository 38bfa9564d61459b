/// Which file of a folder is meant by an IDX file's name: `train-images-idx3-ubyte`, as its publisher calls it, or
/// `train-images.idx3-ubyte`, as some archives do; each with or without `.gz`.
struct IDXFiles {
    let directory: String
    private let names: [BytePath]

    init(directory: String) throws(DatasetError) {
        self.directory = directory
        names = try FolderWalk.names(in: BytePath(directory))
    }

    /// - Parameter name: the publisher's.
    /// - Returns: the file's path, and a line about a copy or a folder of such a name beside it that is not read.
    func path(of name: String) throws(DatasetError) -> (path: String, remark: String?) {
        let dotted = name.replacing("-idx", with: ".idx")
        let candidates = [name, "\(name).gz", dotted, "\(dotted).gz"]
        let present = candidates.filter { names.contains(BytePath($0)) }
        let files = present.filter { !isFolder($0) }, folders = present.filter(isFolder)
        guard let file = files.first else {
            if let folder = folders.first {
                throw .unreadable(
                    at: "\(directory)/\(folder)",
                    "a file expected, this is a folder\(contents(of: folder)); name the folder of the files")
            }
            let near = nearNames(name)
            throw .missing(
                at: directory,
                "\(name) or \(name).gz expected, neither is there"
                    + (near.isEmpty ? "" : "; \(near.joined(separator: ", ")) \(near.count == 1 ? "is" : "are")"))
        }
        let others = files.dropFirst() + folders
        let remark =
            others.isEmpty
            ? nil : "\(directory)/\(file) is read, \(others.joined(separator: " and ")) beside it is not"
        return ("\(directory)/\(file)", remark)
    }

    private func isFolder(_ name: String) -> Bool {
        // Whatever a folder's error is, it is a folder.
        (try? FolderWalk.names(in: BytePath("\(directory)/\(name)"))) != nil
    }

    private func contents(of folder: String) -> String {
        let names = (try? FolderWalk.names(in: BytePath("\(directory)/\(folder)"))) ?? []
        return names.isEmpty ? "" : " with \(names.prefix(3).map(\.description).joined(separator: ", ")) in it"
    }

    /// Names that were perhaps meant: of the same part and kind, written otherwise.
    private func nearNames(_ name: String) -> [String] {
        let parts = name.split(separator: "-"), kind = String(parts[1].dropLast())  // "image", "label"
        let prefixes = parts[0] == "train" ? ["train"] : ["t10k", "test"]
        return Array(
            names.map(\.description).filter { candidate in
                let small = candidate.lowercased()
                return prefixes.contains { small.contains($0) } && small.contains(kind)
            }.prefix(4))
    }
}
