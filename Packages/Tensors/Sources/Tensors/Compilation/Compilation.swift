import Synchronization

/// What programs that are compiled together share: every constant expression is computed once (images that an objective
/// normalises), and so is every special form of a constant (a matrix without its zeros).
///
/// Hand the same compilation to all programs of a problem; what they use lives as long as they do.
public final class Compilation: Sendable {
    private struct State {
        var constants: [ExpressionKey: Tensor] = [:]
        var sparse: [SparseKey: SparseMatrix?] = [:]
        /// Constants that were computed, of which a program reads some.
        var computed = Set<ObjectIdentifier>(), used: [ObjectIdentifier: Int] = [:]
    }

    private struct SparseKey: Hashable {
        let storage: ObjectIdentifier
        let layout: SparseMatrix.Layout
    }

    private let state = Mutex(State())

    /// An empty one; the programs of one problem share it.
    public init() {}

    /// Bytes of the computed constants that a program reads, and of the special forms.
    public var byteCount: Int {
        state.withLock { state in
            state.used.values.reduce(0, +) + state.sparse.values.reduce(0) { $0 + ($1?.byteCount ?? 0) }
        }
    }

    /// The one tensor for a constant expression that stands as it is: a leaf, or another view of one.
    func unique(_ key: ExpressionKey, _ tensor: Tensor) -> Tensor {
        state.withLock { state in
            if let known = state.constants[key] { return known }
            state.constants[key] = tensor
            return tensor
        }
    }

    /// The value of a constant expression. Two threads may both compute it; the first one counts.
    func folded(_ key: ExpressionKey, _ compute: () -> Tensor) -> Tensor {
        if let known = state.withLock({ $0.constants[key] }) { return known }
        let value = compute()
        return state.withLock { state in
            if let known = state.constants[key] { return known }
            state.constants[key] = value
            if let leaf = value.operation as? Constant { state.computed.insert(ObjectIdentifier(leaf.storage)) }
            return value
        }
    }

    /// A constant matrix without its zeros; nil where that isn't worth it.
    func sparse(_ storage: Storage, _ layout: SparseMatrix.Layout) -> SparseMatrix? {
        let key = SparseKey(storage: ObjectIdentifier(storage), layout: layout)
        if let known = state.withLock({ $0.sparse[key] }) { return known }
        let matrix = SparseMatrix(storage, layout)
        return state.withLock { state in
            if let known = state.sparse[key] { return known }
            state.sparse[key] = .some(matrix)
            return matrix
        }
    }

    /// Notes that a program reads these constants.
    func use(_ constants: [Storage]) {
        state.withLock { state in
            for constant in constants where state.computed.contains(ObjectIdentifier(constant)) {
                state.used[ObjectIdentifier(constant)] = constant.byteCount
            }
        }
    }
}
