/// The names by which NumPy rebuilds arrays: the only code that a pickle may ask for.
enum PickleFunction: String {
    case reconstruct = "numpy.core.multiarray _reconstruct", reconstruct2 = "numpy._core.multiarray _reconstruct"
    case scalar = "numpy.core.multiarray scalar", scalar2 = "numpy._core.multiarray scalar"
    case fromBuffer = "numpy.core.numeric _frombuffer", fromBuffer2 = "numpy._core.numeric _frombuffer"
    case ndarray = "numpy ndarray", dtype = "numpy dtype"
    /// How protocol 2 writes bytes: Latin-1 text to be encoded back.
    case encode = "_codecs encode"
}
