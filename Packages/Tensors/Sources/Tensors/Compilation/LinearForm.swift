/// A matrix as a sum of products: Σ scale · F₁ · F₂ · … · Fₙ, where a factor is a matrix, its transpose, or a column of
/// ones.
///
/// Products, transposes, sums, negation, multiples by numbers, row and column sums (products with ones) and broadcasts
/// of rows and columns (likewise) all have such a form. In it, the order of multiplication is free.
struct LinearForm {
    struct Factor: Hashable {
        enum Kind: Hashable { case matrix(ObjectIdentifier), ones(Int, ElementType) }
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
        init(ones count: Int, _ elementType: ElementType) {
            kind = .ones(count, elementType)
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
    /// A column of ones, [count, 1], of the type of what they are multiplied by.
    static func ones(_ count: Int, like other: Tensor) -> LinearForm {
        LinearForm(terms: [Term(scale: 1, factors: [Factor(ones: count, other.elementType)])])
    }

    /// A sum is worth taking apart only where every part is a product; a single matrix in it would be multiplied twice.
    var isSumOfProducts: Bool { terms.allSatisfy { $0.factors.count >= 2 } }

    /// Forms grow by multiplying out: h·A + h·B has twice the terms of h. Larger ones are not looked at.
    fileprivate static let mostTerms = 64, mostFactors = 24
    fileprivate var isSmall: Bool {
        terms.count <= LinearForm.mostTerms && terms.allSatisfy { $0.factors.count <= LinearForm.mostFactors }
    }
}

/// The forms of a graph's matrices, and of its vectors as rows; each is made once, from those of its operands.
struct LinearForms {
    private let isAtomic: (Tensor) -> Bool
    private var forms: [ObjectIdentifier: LinearForm?] = [:]
    private var rows: [ObjectIdentifier: LinearForm] = [:]

    /// - Parameter isAtomic: which nodes are computed in any case, and so are factors of other nodes' forms.
    init(isAtomic: @escaping (Tensor) -> Bool) { self.isAtomic = isAtomic }

    /// Nil where the form of a node is nothing but the node itself. Operands are asked for before what they are
    /// operands of.
    mutating func form(of node: Tensor) -> LinearForm? {
        if let known = forms[node.id] { return known }
        let form = expanded(node)
        forms[node.id] = .some(form)
        return form
    }

    private mutating func partForm(_ node: Tensor) -> LinearForm? { isAtomic(node) ? nil : form(of: node) }

    private mutating func part(_ node: Tensor) -> LinearForm { partForm(node) ?? atom(node) }

    private mutating func atom(_ node: Tensor) -> LinearForm {
        guard node.rank == 1 else { return .atom(node) }
        if let known = rows[node.id] { return known }
        let row = LinearForm.atom(node.reshaped(to: [1, node.count]))
        rows[node.id] = row
        return row
    }

    private mutating func expanded(_ node: Tensor) -> LinearForm? {
        guard node.rank == 1 || node.rank == 2 else { return nil }
        switch node.operation {
        case let product as MatrixProduct where node.rank == 2:
            func times(_ a: LinearForm, _ b: LinearForm) -> LinearForm {
                (product.transposeA ? a.transposed : a).times(product.transposeB ? b.transposed : b)
            }
            let a = node.operands[0], b = node.operands[1], left = part(a), right = part(b)
            if left.terms.count * right.terms.count <= LinearForm.mostTerms, let whole = small(times(left, right)) {
                return whole
            }
            return times(atom(a), atom(b))
        case let sum as Reduce where sum.function == .sum && node.rank == 1 && node.operands[0].rank == 2:
            let matrix = node.operands[0]
            // Only a product is cheaper to sum in another order.
            guard let form = partForm(matrix), form.isSumOfProducts else { return nil }
            return small(
                sum.axes.lowerBound == 0
                    ? LinearForm.ones(matrix.shape[0], like: matrix).transposed.times(form)
                    : form.times(.ones(matrix.shape[1], like: matrix)).transposed)
        case is Permute where node.rank == 2:
            return part(node.operands[0]).transposed
        case is Broadcast where node.rank == 2:
            let source = node.operands[0]
            if source.shape[0] == 1 && source.shape[1] == node.shape[1] {
                return small(LinearForm.ones(node.shape[0], like: node).times(part(source)))
            }
            if source.shape[1] == 1 && source.shape[0] == node.shape[0] {
                return small(part(source).times(LinearForm.ones(node.shape[1], like: node).transposed))
            }
            return nil
        case is Reshape:
            let x = node.operands[0]
            guard x.rank == 1 || x.rank == 2, let form = partForm(x) else { return nil }
            let isRow = x.rank == 1 || x.shape[0] == 1, isColumn = x.rank == 2 && x.shape[1] == 1
            guard isRow || isColumn else { return nil }
            let row = isRow ? form : form.transposed
            if node.rank == 1 || node.shape[0] == 1 { return row }
            return node.shape[1] == 1 ? row.transposed : nil
        case let elementwise as Elementwise:
            return expandedElementwise(elementwise.function, node)
        default: return nil
        }
    }

    private mutating func expandedElementwise(_ function: Elementwise.Function, _ node: Tensor) -> LinearForm? {
        switch function {
        case .add, .subtract:
            guard let a = products(node.operands[0]), let b = products(node.operands[1]) else { return nil }
            return small(a + (function == .add ? b : b.scaled(-1)))
        case .negate:
            return products(node.operands[0])?.scaled(-1)
        case .multiply:
            guard let number = node.operands[1].fillValue else { return nil }
            return products(node.operands[0])?.scaled(number)
        case .divide:
            guard let number = node.operands[1].fillValue else { return nil }
            return products(node.operands[0])?.scaled(1 / number)
        default: return nil
        }
    }

    private mutating func products(_ operand: Tensor) -> LinearForm? {
        partForm(operand).flatMap { $0.isSumOfProducts ? $0 : nil }
    }

    private func small(_ form: LinearForm) -> LinearForm? { form.isSmall ? form : nil }
}
