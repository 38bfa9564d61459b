/// The factors of a matrix product op(a) · op(b) as they lie in memory, where op transposes if asked.
struct ProductOperands {
    let a: View, transposesA: Bool
    let b: View, transposesB: Bool
}
