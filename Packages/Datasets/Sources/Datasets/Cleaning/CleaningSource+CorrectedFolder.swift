import Foundation

extension CleaningSource {
    /// That a folder of corrected pictures can be written: before anything else is done.
    public func checkCorrectedFolder(_ folder: String) throws(DatasetError) {
        guard pictures != nil else {
            throw .unsupported(at: path, "a corrected folder is made of pictures in files, these are \(samples.form)")
        }
        if FileManager.default.fileExists(atPath: folder) {
            throw .impossible(at: folder, "a new folder expected for the corrected pictures, it is there")
        }
        for name in samples.classNames {
            let parts = BytePath(name).components
            let isPlain =
                !parts.isEmpty && !name.utf8.starts(with: "/".utf8) && !parts.contains { $0 == "." || $0 == ".." }
            guard isPlain else {
                throw .impossible(at: folder, "classes that can be names of folders expected, got '\(name)'")
            }
        }
    }

    /// Copies the pictures into a folder of class folders, by their corrected labels. Of two of one name the second is
    /// called after the folder that it came from (`cat-1.png`). Nothing is there until all is.
    /// - Parameter corrections: of a sample's index the new class; nil leaves the sample out.
    public func writeCorrectedFolder(_ folder: String, _ corrections: [Int: Int32?]) throws(DatasetError) {
        try checkCorrectedFolder(folder)
        guard let (tree, paths) = pictures else { return }
        let folder = Self.withoutSlashes(folder), unfinished = folder + ".unfinished"
        do {
            try? FileManager.default.removeItem(atPath: unfinished)
            for name in samples.classNames {
                try FileManager.default.createDirectory(
                    atPath: "\(unfinished)/\(name)", withIntermediateDirectories: true)
            }
        } catch { throw .unreadable(at: unfinished, "cannot be written: \(error.localizedDescription)") }
        for (index, place) in destinations(corrections) {
            try tree.contents(of: paths[index]).write(to: BytePath(unfinished).appending(place))
        }
        guard rename(unfinished, folder) == 0 else {
            throw .unreadable(at: folder, "cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    /// Where each picture goes. Those that stay in their class have the first choice of a name.
    private func destinations(_ corrections: [Int: Int32?]) -> [(index: Int, place: BytePath)] {
        let moved = samples.names.indices.filter { corrections[$0] != nil }
        let staying = samples.names.indices.filter { corrections[$0] == nil }
        var taken: Set<BytePath> = [], result: [(index: Int, place: BytePath)] = []
        for index in staying + moved {
            guard let label = corrections[index, default: samples.labels[index]] else { continue }
            let path = pictures!.paths[index], slash = UInt8(ascii: "/"), dash = UInt8(ascii: "-")
            let folder = BytePath(samples.classNames[Int(label)])
            var place = folder.appending(path.name), count = 0
            while taken.contains(place) {
                let origin = path.folder.bytes.map { $0 == slash ? dash : $0 }
                let number = count == 0 ? [] : Array("\(count)-".utf8)
                place = folder.appending(BytePath(origin + [dash] + number + path.name.bytes))
                count += 1
            }
            taken.insert(place)
            result.append((index, place))
        }
        return result
    }
}

extension [UInt8] {
    fileprivate func write(to path: BytePath) throws(DatasetError) {
        guard let file = path.withCString({ fopen($0, "wbx") }) else {
            throw .unreadable(at: path.description, "cannot be written: \(String(cString: strerror(errno)))")
        }
        let written = fwrite(self, 1, count, file)
        guard fclose(file) == 0, written == count else {
            throw .unreadable(at: path.description, "cannot be written: \(String(cString: strerror(errno)))")
        }
    }
}
