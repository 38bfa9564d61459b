import Tensors

extension RandomGraph {
    /// The operation on nodes that are there, or on leaves that it adds; nil where none fit.
    mutating func proposal(_ operation: GraphOperation) -> GraphApplication? {
        switch operation {
        case .negate, .exp, .log, .log1p, .expm1, .sqrt, .reciprocal, .sin, .cos, .tanh, .sigmoid, .softplus, .erf,
            .relu, .gelu, .abs, .sign, .step, .squared, .isFinite, .squaredNorm, .norm, .simplexThreshold:
            var application = GraphApplication(operation, [node()])
            if operation == .simplexThreshold { application.number = 1 }
            return application
        case .add, .subtract, .multiply, .divide, .power, .maximum, .minimum, .less, .lessOrEqual, .greater,
            .greaterOrEqual, .equal, .dot:
            return binary(operation)
        case .clamp:
            var application = GraphApplication(operation, [node()])
            application.numbers = [-0.7, 0.6]
            return application
        case .select:
            let a = node(), shape = extents(a)
            let masks = nodes.indices.filter { isMask[$0] && Shape(shape).broadcast(with: values[$0].shape) != nil }
            return masks.isEmpty ? nil : GraphApplication(operation, [pick(masks), a, partner(of: a)])
        case .sum, .mean, .max, .min, .logSumExp: return reduction(operation)
        case .argmax, .logSoftmax, .softmax: return node(rank: 1...).map { GraphApplication(operation, [$0]) }
        case .crossEntropy, .gatheredRows, .scatteredAddingRows, .pickedColumns, .oneHot: return indexing(operation)
        case .product: return product()
        case .convolved, .maxPooled, .averagePooled, .adaptiveAveragePooled, .globalAveragePooled:
            return ofImages(operation)
        case .reshaped, .permuted, .transposed, .broadcast, .expandingAxis, .sliced, .padded, .concatenated,
            .stacked:
            return movement(operation)
        case .converted:
            let whole = nodes.indices.filter { !isFloatingPoint($0) }
            guard !whole.isEmpty else { return nil }
            var application = GraphApplication(operation, [pick(whole)])
            application.type = .float64
            return application
        case .stopGradient:  // finite differences would see what it hides
            let constants = nodes.indices.filter { isFloatingPoint($0) && !dependsOnVariable[$0] }
            return constants.isEmpty ? nil : GraphApplication(operation, [pick(constants)])
        }
    }

    // MARK: Operands

    /// A floating-point node, rather a late one.
    private mutating func node(rank: some RangeExpression<Int> = 0...) -> Int? {
        let fitting = nodes.indices.filter { isFloatingPoint($0) && rank.contains(values[$0].rank) }
        return fitting.isEmpty ? nil : random.below(3) > 0 ? pick(Array(fitting.suffix(3))) : pick(fitting)
    }

    private mutating func node() -> Int { node(rank: 0...)! }

    private func extents(_ node: Int) -> [Int] { values[node].shape.extents }

    /// A node or a new leaf that broadcasts to another's shape.
    private mutating func partner(of node: Int, sameShape: Bool = false) -> Int {
        let shape = extents(node)
        let fitting = nodes.indices.filter {
            isFloatingPoint($0)
                && (sameShape ? extents($0) == shape : values[$0].shape.broadcast(with: values[node].shape) != nil)
        }
        if random.below(2) == 0 { return pick(fitting) }
        if sameShape || random.below(2) == 0 { return leaf(shape) }
        return leaf(shape.suffix(random.below(shape.count + 1)).map { random.below(4) == 0 ? 1 : $0 })
    }

    // MARK: Families

    private mutating func binary(_ operation: GraphOperation) -> GraphApplication? {
        let a = node()
        let hasNumberForm = ![.dot, .greater, .greaterOrEqual].contains(operation)
        guard hasNumberForm, random.below(4) == 0 else {
            let pair = [a, partner(of: a, sameShape: operation == .dot)]
            return GraphApplication(operation, random.below(2) == 0 ? pair : pair.reversed())
        }
        var application = GraphApplication(operation, [a])
        application.number = pick(operation == .power ? [0, 1, 2, 3, 4, -1, 0.5, 1.5] : [-1, 0.3, 2])
        if [.add, .subtract, .multiply, .divide].contains(operation) { application.numberFirst = random.below(2) == 0 }
        return application
    }

    private mutating func reduction(_ operation: GraphOperation) -> GraphApplication? {
        let x = node()
        var application = GraphApplication(operation, [x])
        if random.below(4) > 0 { application.axes = extents(x).indices.filter { _ in random.below(2) == 0 } }
        application.keepingAxes = random.below(2) == 0
        return application
    }

    private mutating func indexing(_ operation: GraphOperation) -> GraphApplication? {
        if operation == .oneHot {
            var application = GraphApplication(operation, [indices(4, below: 3)])
            application.count = 3
            return application
        }
        let isOfRows = operation == .crossEntropy || operation == .pickedColumns
        guard let x = isOfRows ? node(rank: 2...2) : node(rank: 1...) else { return nil }
        let shape = extents(x), count = 1 + random.below(4)
        switch operation {
        case .crossEntropy, .pickedColumns:
            return GraphApplication(operation, [x, indices(shape[0], below: shape[1])])
        case .gatheredRows: return GraphApplication(operation, [x, indices(count, below: shape[0])])
        default:
            var application = GraphApplication(operation, [x, indices(shape[0], below: count)])
            application.count = count
            return application
        }
    }

    private mutating func product() -> GraphApplication? {
        guard let x = node(rank: 2...) else { return nil }
        let shape = extents(x), transposing = [random.below(2) == 0, random.below(2) == 0]
        let inner = transposing[0] ? shape[shape.count - 2] : shape[shape.count - 1], outer = 1 + random.below(4)
        let batch = random.below(2) == 0 ? [] : Array(shape.dropLast(2))
        var application = GraphApplication(
            .product, [x, leaf(batch + (transposing[1] ? [outer, inner] : [inner, outer]))])
        application.transposing = transposing
        return application
    }

    private mutating func ofImages(_ operation: GraphOperation) -> GraphApplication? {
        let isLarge = size == .large
        let x = node(rank: 4...4) ?? leaf(isLarge ? [6, 30, 30, 4] : [1, 3 + random.below(2), 3, 2], .variable)
        let shape = extents(x)
        guard min(shape[1], shape[2]) >= 3 else { return nil }
        var application = GraphApplication(operation, [x])
        switch operation {
        case .convolved:
            let weight = leaf([1 + random.below(3), 1 + random.below(3), shape[3], 1 + random.below(2)])
            application.operands.append(weight)
            application.stride = 1 + random.below(2)
            application.padding = random.below(2)
        case .maxPooled:
            application.size = 2
            application.stride = 1 + random.below(2)
            application.padding = random.below(2)
        case .averagePooled: application.size = 2
        case .adaptiveAveragePooled: application.shape = [2, 1 + random.below(3)]
        default: break
        }
        return application
    }

    private mutating func movement(_ operation: GraphOperation) -> GraphApplication? {
        guard let x = node(rank: [.transposed].contains(operation) ? 2... : 1...) else { return nil }
        let shape = extents(x), axis = random.below(shape.count)
        var application = GraphApplication(operation, [x])
        switch operation {
        case .reshaped: application.shape = random.below(2) == 0 ? [shape.reduce(1, *)] : shape.reversed()
        case .permuted:
            let turn = random.below(shape.count)
            application.axes = Array(shape.indices[turn...]) + Array(shape.indices[..<turn])
        case .broadcast:
            application.shape = [1 + random.below(2)] + shape.map { $0 == 1 ? 1 + random.below(3) : $0 }
        case .expandingAxis: application.axis = axis
        case .sliced:
            application.extents = shape.map { max($0 - random.below(2), 1) }
            application.starts = zip(shape, application.extents!).map { $0 - $1 }
        case .padded:
            application.before = shape.map { _ in random.below(2) }
            application.after = shape.map { _ in random.below(2) }
        case .concatenated, .stacked:
            application.operands.append(partner(of: x, sameShape: true))
            application.axis = axis
        default: break
        }
        return application
    }
}
