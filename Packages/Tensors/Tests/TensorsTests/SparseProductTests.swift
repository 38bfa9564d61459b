import Testing

@testable import Tensors

@Suite struct SparseProductTests {
    /// Normal numbers in a band around a column that differs from row to row, zero elsewhere; `width` is the band's
    /// share of the columns.
    private func sparse(_ rows: Int, _ columns: Int, width: Double = 0.5, seed: UInt64) -> Tensor {
        var values = normal([rows, columns], seed: seed).scalars.map { Float($0) }
        for i in 0..<rows {
            let middle = i * 7919 % rows * columns / rows
            for j in 0..<columns where Double(abs(j - middle)) > width / 2 * Double(columns) {
                values[i * columns + j] = 0
            }
        }
        return Tensor(values, shape: [rows, columns])
    }

    private func normal(_ shape: Shape, seed: UInt64) -> Tensor {
        var random = RandomGenerator(seed: seed)
        return random.normal(shape, elementType: .float32)
    }

    /// Left or right of the other factor, each as it lies or transposed.
    private func product(
        _ constant: Tensor, _ other: Tensor, isLeft: Bool, _ transposesConstant: Bool, _ transposesOther: Bool
    ) -> Tensor {
        isLeft
            ? constant.product(other, transposingSelf: transposesConstant, transposingOther: transposesOther)
            : other.product(constant, transposingSelf: transposesOther, transposingOther: transposesConstant)
    }

    /// Sizes that leave parts of groups, strips, vectors, blocks and runs over.
    @Test(arguments: [
        (rows: 260, depth: 260, columns: 10), (97, 1203, 33), (30, 3000, 8), (1031, 65, 47), (82, 1700, 300),
    ])
    func everyOrientationAgreesWithTheDenseProductInFloat64(rows: Int, depth: Int, columns: Int) {
        for isLeft in [true, false] {
            for (transposesConstant, transposesOther) in [(false, false), (false, true), (true, false), (true, true)] {
                // The sparse factor is [rows, depth] on the left, [depth, rows] on the right.
                let constant =
                    isLeft == transposesConstant ? sparse(depth, rows, seed: 1) : sparse(rows, depth, seed: 1)
                let other = normal(isLeft == transposesOther ? [columns, depth] : [depth, columns], seed: 2),
                    input = other.placeholder("b")
                let program = Program(
                    inputs: [input],
                    outputs: [product(constant, input, isLeft: isLeft, transposesConstant, transposesOther)])
                #expect(program.description.contains("sparse"))
                let got = program([other])[0].scalars
                let exact = product(
                    constant.converted(to: ElementType.float64), other.converted(to: ElementType.float64),
                    isLeft: isLeft, transposesConstant, transposesOther
                ).scalars
                // `depth` roundings to 24 bits, of sums of the order of √depth.
                let tolerance = 2e-7 * Double(depth)
                #expect(zip(got, exact).allSatisfy { abs($0 - $1) <= tolerance })
            }
        }
    }

    @Test func anyNumberOfThreadsGivesTheSameBits() {
        let other = normal([300, 784], seed: 3), input = other.placeholder("b"), images = sparse(2003, 784, seed: 4)
        for output in [images.product(input, transposingOther: true), input.product(images, transposingOther: true)] {
            let program = Program(inputs: [input], outputs: [output])
            let alone = program([other])[0].scalars
            for threads in [1, 2, 3] {
                #expect(program([other], pool: ThreadPool(threadCount: threads))[0].scalars == alone)
            }
        }
    }

    /// 12 columns are cut into vectors of 8, 300 into the widest that the machine has.
    @Test func theBitsOfAColumnDoNotDependOnTheVectorsThatItLiesIn() {
        let images = sparse(200, 1203, seed: 7), other = normal([1203, 300], seed: 8)
        func product(_ other: Tensor) -> [Double] {
            let input = other.placeholder("b")
            let program = Program(inputs: [input], outputs: [images.product(input)])
            #expect(program.description.contains("sparse"))
            return program([other])[0].scalars
        }
        let wide = product(other), narrow = product(other.sliced(axis: 1, 289..<300).evaluated())
        for i in 0..<200 { #expect(Array(wide[i * 300 + 289..<(i + 1) * 300]) == Array(narrow[i * 11..<(i + 1) * 11])) }
    }

    @Test func zerosDoNotHideWhatIsNotFinite() {
        let images = sparse(300, 784, width: 0.3, seed: 5), input = Tensor.placeholder("b", shape: [784, 12])
        let program = Program(inputs: [input], outputs: [images.product(input)])
        for blemish in [Float.nan, .infinity, -.infinity] {
            var values = normal([784, 12], seed: 6).scalars.map { Float($0) }
            values[500 * 12 + 10] = blemish
            let got = program([Tensor(values, shape: [784, 12])])[0].scalars
            for i in 0..<300 { for j in 0..<12 { #expect(got[i * 12 + j].isNaN == (j == 10)) } }
        }
    }

    @Test func matricesThatAreDenseSmallOrNotConstantStayAsTheyAre() {
        let input = Tensor.placeholder("b", shape: [784, 12])
        func description(_ a: Tensor, inputs: [Tensor] = []) -> String {
            Program(inputs: inputs + [input], outputs: [a.product(input)]).description
        }
        #expect(description(sparse(300, 784, seed: 7)).contains("sparse"))
        #expect(!description(normal([300, 784], seed: 7)).contains("sparse"))
        #expect(!description(sparse(80, 784, seed: 7)).contains("sparse"))
        let given = Tensor.placeholder("a", shape: [300, 784])
        #expect(!description(given, inputs: [given]).contains("sparse"))
        // Zeros that no six rows share are not worth it.
        var random = RandomGenerator(seed: 8)
        let scattered = random.normal([300, 784], elementType: .float32).scalars.map { Float(abs($0) < 0.5 ? 0 : $0) }
        #expect(!description(Tensor(scattered, shape: [300, 784])).contains("sparse"))
    }

    @Test func programsShareOneFormOfAMatrix() {
        let images = sparse(300, 784, seed: 9), input = Tensor.placeholder("b", shape: [784, 12])
        let compilation = Compilation()
        let sizes = [images.product(input), images.product(input).exp()].map { output in
            _ = Program(inputs: [input], outputs: [output], compilation: compilation)
            return compilation.byteCount
        }
        #expect(sizes[0] > 0 && sizes[1] == sizes[0])
    }
}
