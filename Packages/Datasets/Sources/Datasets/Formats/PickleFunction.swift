/// The names that a pickle may ask for: those by which NumPy rebuilds arrays, and Python's containers. Anything else is
/// code, and refused.
enum PickleFunction {
    case reconstruct, scalar, fromBuffer, ndarray, dtype
    /// How protocol 2 writes bytes: Latin-1 text to be encoded back.
    case encode
    case orderedDictionary, defaultDictionary, range
    /// What a defaultdict makes for a key that is missing: of no use here. How protocol 2 writes sets.
    case factory

    /// - Parameter name: module and name with a blank between.
    init?(_ name: String) {
        guard let function = Self.names[name] else { return nil }
        self = function
    }

    private static let names: [String: PickleFunction] = {
        var names: [String: PickleFunction] = [
            "numpy ndarray": .ndarray, "numpy dtype": .dtype, "_codecs encode": .encode,
            "collections OrderedDict": .orderedDictionary, "collections defaultdict": .defaultDictionary,
            "builtins range": .range, "__builtin__ xrange": .range,
        ]
        // NumPy 1 and 2.
        for module in ["numpy.core", "numpy._core"] {
            names["\(module).multiarray _reconstruct"] = .reconstruct
            names["\(module).multiarray scalar"] = .scalar
            names["\(module).numeric _frombuffer"] = .fromBuffer
        }
        // Python 3 and 2.
        for module in ["builtins", "__builtin__"] {
            for type in ["list", "dict", "int", "str", "set", "frozenset", "float", "tuple"] {
                names["\(module) \(type)"] = .factory
            }
        }
        return names
    }()
}
