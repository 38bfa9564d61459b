/// The two pickled layouts in which the ImageNet few-shot sets are passed around.
extension ImageClasses {
    /// miniImageNet as `mini-imagenet-cache-{train,val,test}.pkl`: a dictionary of `image_data`, uint8 [n, height,
    /// width, 3], and `class_dict`, from a class's name to the indices of its images.
    public init(miniImageNetPickle path: String, name: String, cache: ImageCache) throws(DatasetError) {
        self = try cache.images(name: name, fingerprint: try MappedFile(path: path).fingerprint()) {
            (collector) throws(DatasetError) in
            let pickle = try Pickle(path: path)
            guard case .array(let index)? = pickle.member("image_data", of: pickle.root),
                pickle.arrays[index].shape.count == 4,
                pickle.arrays[index].elementType == .integer(bytes: 1, isSigned: false)
            else {
                throw .damaged(at: path, "image_data, uint8 [n, height, width, channels], expected in the pickle")
            }
            guard case .dictionary(let classes)? = pickle.member("class_dict", of: pickle.root) else {
                throw .damaged(at: path, "class_dict, names to indices, expected in the pickle")
            }
            let images = pickle.arrays[index], shape = images.shape
            guard shape[0] > 0 else { throw .damaged(at: path, "at least one image expected, got shape \(shape)") }
            let size = shape[1] * shape[2] * shape[3]
            guard size > 0, shape[3] == 1 || shape[3] == 3 else {
                throw .unsupported(at: path, "images of 1 or 3 channels expected, got shape \(shape)")
            }
            let preparation = ImagePreparation(channels: shape[3])

            for (key, value) in pickle.dictionaries[classes].sorted(by: {
                pickle.text($0.key) ?? "" < pickle.text($1.key) ?? ""
            }) {
                guard let className = pickle.text(key), let members = pickle.integers(value) else {
                    throw .damaged(at: path, "class_dict: a name and integers expected")
                }
                collector.beginClass(className)
                for member in members {
                    guard member >= 0, member < shape[0] else {
                        throw .damaged(
                            at: path, "class \(className): image indices 0 … \(shape[0] - 1) expected, got \(member)")
                    }
                    let picture = RasterImage(
                        width: shape[2], height: shape[1], channels: shape[3],
                        pixels: pickle.entry(member, of: images))
                    let image = preparation.applied(to: picture)
                    try collector.append(
                        image.planes, channels: shape[3], height: image.height, width: image.width,
                        source: "\(path), image \(member)")
                }
            }
        }
    }

    /// tieredImageNet as `{split}_images_png.pkl`, a list of PNG files as byte arrays, and `{split}_labels.pkl`, a
    /// dictionary of `label_specific`, the class of each image, and (if present) `label_specific_str`, the names of the
    /// classes.
    public init(
        tieredImageNetPickles imagePath: String, labels labelPath: String, name: String,
        preparation: ImagePreparation = ImagePreparation(), cache: ImageCache
    )
        throws(DatasetError)
    {
        let fingerprints = [
            try MappedFile(path: imagePath).fingerprint(), try MappedFile(path: labelPath).fingerprint(),
            preparation.fingerprint,
        ]
        var digest = SHA256()
        digest.update(Array(fingerprints.joined(separator: " ").utf8))
        self = try cache.images(name: name, fingerprint: digest.finalized()) { (collector) throws(DatasetError) in
            let pickle = try Pickle(path: imagePath), labelPickle = try Pickle(path: labelPath)
            guard let images = pickle.list(pickle.root) else {
                throw .damaged(at: imagePath, "a list of PNG byte arrays expected in the pickle")
            }
            guard let labels = labelPickle.integers(labelPickle.member("label_specific", of: labelPickle.root)) else {
                throw .damaged(at: labelPath, "label_specific, an integer for every image, expected in the pickle")
            }
            guard labels.count == images.count else {
                throw .inconsistent(
                    at: labelPath, "\(images.count) labels expected for the images of \(imagePath), got \(labels.count)"
                )
            }
            let names = labelPickle.list(labelPickle.member("label_specific_str", of: labelPickle.root)).map {
                $0.map { labelPickle.text($0) ?? "" }
            }

            var members: [Int: [Int]] = [:]
            for (i, label) in labels.enumerated() { members[label, default: []].append(i) }
            for label in members.keys.sorted() {
                if let names, label < 0 || label >= names.count {
                    throw .damaged(at: labelPath, "labels 0 … \(names.count - 1) expected, got \(label)")
                }
                collector.beginClass(names.map { $0[label] } ?? "class \(label)")
                for i in members[label]! {
                    let source = "\(imagePath), image \(i)"
                    let bytes: [UInt8]
                    switch images[i] {
                    case .bytes(let content): bytes = pickle.content(content)
                    case .array(let index)
                    where pickle.arrays[index].elementType == .integer(bytes: 1, isSigned: false):
                        bytes = pickle.content(pickle.arrays[index].content)
                    default: throw .damaged(at: source, "the bytes of a PNG file expected")
                    }
                    let image = preparation.applied(to: try Picture.decode(bytes, name: source))
                    try collector.append(
                        image.planes, channels: preparation.channels, height: image.height, width: image.width,
                        source: source)
                }
            }
        }
    }
}
