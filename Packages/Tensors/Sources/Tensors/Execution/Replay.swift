/// The memory in which a compiled function runs, again and again, without allocating. Belongs to one thread at a time.
public final class Replay {
    public let function: CompiledFunction
    private let workspace: Workspace
    /// For each argument and each result: its first slot.
    private let argumentSlots: [Int], resultSlots: [Int]

    /// - Parameter temporaries: at least `temporariesByteCount` bytes, which replays that never run at the same time may
    ///   share. Nil makes some.
    public init(_ function: CompiledFunction, temporaries: Storage? = nil) {
        func starts(_ layouts: [PointLayout]) -> [Int] { layouts.reduce(into: [0]) { $0.append($0.last! + $1.count) } }
        self.function = function
        workspace = Workspace(function.program, temporaries: temporaries)
        argumentSlots = starts(function.arguments)
        resultSlots = starts(function.results)
    }

    /// Runs once. A result must not lie where an argument lies.
    public func callAsFunction(
        _ arguments: Point..., into results: Point..., on pool: ThreadPool? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        check(arguments.map(\.layout), results.map(\.layout))
        for (i, point) in arguments.enumerated() { bind(inputs: argumentSlots[i], point.layout, point.address) }
        for (i, point) in results.enumerated() { bind(outputs: resultSlots[i], point.layout, point.address) }
        workspace.run(on: pool)
    }

    /// Runs `count` times; in each repetition every argument and result lies where its course says. A result of one
    /// repetition may be an argument of the next.
    public func repeated(
        _ count: Int, _ arguments: Course..., into results: Course..., on pool: ThreadPool? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        guard count > 0 else { return }
        check(arguments.map(\.layout), results.map(\.layout))
        for course in arguments + results { course.check(repetitions: count) }
        for k in 0..<count {
            for (i, course) in arguments.enumerated() {
                bind(inputs: argumentSlots[i], course.layout, course.address(at: k))
            }
            for (i, course) in results.enumerated() {
                bind(outputs: resultSlots[i], course.layout, course.address(at: k))
            }
            workspace.run(on: pool)
        }
    }

    /// The time of each instruction in one more run on what the last run read and wrote. Call after a run.
    public func profile(on pool: ThreadPool? = nil) -> [InstructionTime] { workspace.profile(on: pool) }

    private func check(_ arguments: [PointLayout], _ results: [PointLayout]) {
        precondition(
            arguments == function.arguments && results == function.results,
            "function: arguments \(function.arguments) and results \(function.results) expected, "
                + "got \(arguments) and \(results)")
    }

    private func bind(inputs first: Int, _ layout: PointLayout, _ start: UnsafeMutableRawPointer) {
        for (i, offset) in layout.offsets.enumerated() { workspace.bind(input: first + i, to: start + offset) }
    }

    private func bind(outputs first: Int, _ layout: PointLayout, _ start: UnsafeMutableRawPointer) {
        for (i, offset) in layout.offsets.enumerated() { workspace.bind(output: first + i, to: start + offset) }
    }
}

/// Where an argument or a result lies in each of many repetitions.
public struct Course: Sendable {
    private let even: Point, odd: Point
    /// From one repetition to the next, in bytes, and the repetitions that there is memory for.
    private let stride: Int, limit: Int

    /// The same point every time.
    public static func fixed(_ point: Point) -> Course { Course(even: point, odd: point, stride: 0, limit: .max) }

    /// One point after the other, from number `first` on, forward or (`step` = -1) backward.
    public static func each(_ sequence: PointSequence, from first: Int, by step: Int = 1) -> Course {
        let point = Point(sequence.layout, in: sequence.storage, at: sequence.start + first * sequence.stride)
        let limit = step > 0 ? (sequence.count - first + step - 1) / step : step < 0 ? first / -step + 1 : .max
        return Course(even: point, odd: point, stride: step * sequence.stride, limit: limit)
    }

    /// Two points in turn.
    public static func alternating(_ even: Point, _ odd: Point) -> Course {
        precondition(even.layout == odd.layout, "course: points \(even.layout) and \(odd.layout) in turn")
        return Course(even: even, odd: odd, stride: 0, limit: .max)
    }

    var layout: PointLayout { even.layout }

    func address(at repetition: Int) -> UnsafeMutableRawPointer {
        (repetition & 1 == 0 ? even : odd).address + repetition * stride
    }

    fileprivate func check(repetitions: Int) {
        precondition(repetitions <= limit, "course: \(repetitions) repetitions over \(limit) points")
    }
}
