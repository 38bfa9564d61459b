/// A matrix as a sum of products: Σ scale · F₁ · F₂ · … · Fₙ, where a factor is a matrix, its transpose, or a column of
/// ones.
///
/// Products, transposes, sums, negation, multiples by numbers, row and column sums (products with ones) and broadcasts
/// of rows and columns (likewise) all have such a form. In it, the order of multiplication is free.
struct LinearForm {
    struct Factor: Hashable {
        enum Kind: Hashable { case matrix(ObjectIdentifier), ones(Int) }
        let kind: Kind
        let tensor: Tensor?
        var isTransposed: Bool
        private let extents: [Int]

        init(_ tensor: Tensor) {
            kind = .matrix(tensor.id)
            self.tensor = tensor
            isTransposed = false
            extents = tensor.shape.extents
        }

        /// A column of ones, [count, 1].
        init(ones count: Int) {
            kind = .ones(count)
            tensor = nil
            isTransposed = false
            extents = [count, 1]
        }

        var rows: Int { extents[isTransposed ? 1 : 0] }
        var columns: Int { extents[isTransposed ? 0 : 1] }
        var transposed: Factor {
            var copy = self
            copy.isTransposed.toggle()
            return copy
        }

        static func == (a: Factor, b: Factor) -> Bool { a.kind == b.kind && a.isTransposed == b.isTransposed }
        func hash(into hasher: inout Hasher) {
            hasher.combine(kind)
            hasher.combine(isTransposed)
        }
    }

    struct Term {
        var scale: Double
        var factors: [Factor]

        var transposed: Term { Term(scale: scale, factors: factors.reversed().map(\.transposed)) }
        func times(_ other: Term) -> Term { Term(scale: scale * other.scale, factors: factors + other.factors) }
    }

    var terms: [Term]

    var transposed: LinearForm { LinearForm(terms: terms.map(\.transposed)) }
    func times(_ other: LinearForm) -> LinearForm {
        LinearForm(terms: terms.flatMap { a in other.terms.map { a.times($0) } })
    }
    func scaled(_ scale: Double) -> LinearForm {
        LinearForm(terms: terms.map { Term(scale: scale * $0.scale, factors: $0.factors) })
    }

    static func + (a: LinearForm, b: LinearForm) -> LinearForm { LinearForm(terms: a.terms + b.terms) }
    static func atom(_ tensor: Tensor) -> LinearForm { LinearForm(terms: [Term(scale: 1, factors: [Factor(tensor)])]) }
    static func ones(_ count: Int) -> LinearForm { LinearForm(terms: [Term(scale: 1, factors: [Factor(ones: count)])]) }

    /// A sum is worth taking apart only where every part is a product; a single matrix in it would be multiplied twice.
    var isSumOfProducts: Bool { terms.allSatisfy { $0.factors.count >= 2 } }
}

extension LinearForm {
    /// The form of a matrix, or of a vector as a row; nil where it is nothing but the node itself.
    /// `isAtomic` says which nodes below it are computed in any case.
    init?(of node: Tensor, isAtomic: (Tensor) -> Bool) {
        guard let form = LinearForm.expanded(node, isRoot: true, isAtomic: isAtomic) else { return nil }
        self = form
    }

    /// Whether `node` has a form other than itself.
    static func isLinear(_ node: Tensor) -> Bool { LinearForm(of: node, isAtomic: { _ in false }) != nil }

    private static func part(_ node: Tensor, _ isAtomic: (Tensor) -> Bool) -> LinearForm {
        expanded(node, isRoot: false, isAtomic: isAtomic)
            ?? .atom(node.rank == 1 ? node.reshaped(to: [1, node.count]) : node)
    }

    private static func expanded(_ node: Tensor, isRoot: Bool, isAtomic: (Tensor) -> Bool) -> LinearForm? {
        guard node.rank == 1 || node.rank == 2, isRoot || !isAtomic(node) else { return nil }
        switch node.operation {
        case let product as MatrixProduct where node.rank == 2:
            let a = part(node.operands[0], isAtomic), b = part(node.operands[1], isAtomic)
            return (product.transposeA ? a.transposed : a).times(product.transposeB ? b.transposed : b)
        case let sum as Reduce where sum.function == .sum && node.rank == 1 && node.operands[0].rank == 2:
            let matrix = node.operands[0]
            // Only a product is cheaper to sum in another order.
            guard let form = expanded(matrix, isRoot: false, isAtomic: isAtomic), form.isSumOfProducts else {
                return nil
            }
            return sum.axes.lowerBound == 0
                ? LinearForm.ones(matrix.shape[0]).transposed.times(form)
                : form.times(.ones(matrix.shape[1])).transposed
        case is Permute where node.rank == 2:
            return part(node.operands[0], isAtomic).transposed
        case is Broadcast where node.rank == 2:
            let small = node.operands[0]
            if small.shape[0] == 1 && small.shape[1] == node.shape[1] {
                return LinearForm.ones(node.shape[0]).times(part(small, isAtomic))
            }
            if small.shape[1] == 1 && small.shape[0] == node.shape[0] {
                return part(small, isAtomic).times(LinearForm.ones(node.shape[1]).transposed)
            }
            return nil
        case is Reshape:
            let x = node.operands[0]
            guard x.rank == 1 || x.rank == 2, let form = expanded(x, isRoot: false, isAtomic: isAtomic) else {
                return nil
            }
            let isRow = x.rank == 1 || x.shape[0] == 1, isColumn = x.rank == 2 && x.shape[1] == 1
            guard isRow || isColumn else { return nil }
            let row = isRow ? form : form.transposed
            if node.rank == 1 || node.shape[0] == 1 { return row }
            return node.shape[1] == 1 ? row.transposed : nil
        case let elementwise as Elementwise:
            return expandedElementwise(elementwise.function, node, isAtomic)
        default: return nil
        }
    }

    private static func expandedElementwise(
        _ function: Elementwise.Function, _ node: Tensor, _ isAtomic: (Tensor) -> Bool
    ) -> LinearForm? {
        func products(_ operand: Tensor) -> LinearForm? {
            expanded(operand, isRoot: false, isAtomic: isAtomic).flatMap { $0.isSumOfProducts ? $0 : nil }
        }
        switch function {
        case .add, .subtract:
            guard let a = products(node.operands[0]), let b = products(node.operands[1]) else { return nil }
            return a + (function == .add ? b : b.scaled(-1))
        case .negate:
            return products(node.operands[0])?.scaled(-1)
        case .multiply:
            guard let number = node.operands[1].fillValue else { return nil }
            return products(node.operands[0])?.scaled(number)
        default: return nil
        }
    }
}
