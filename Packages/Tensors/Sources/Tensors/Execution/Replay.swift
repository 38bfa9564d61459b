/// The memory in which a compiled function runs, again and again, without allocating. Belongs to one thread at a time.
public final class Replay {
    /// What is replayed.
    public let function: CompiledFunction
    private let workspace: Workspace
    /// For each argument, then for each result: its first slot.
    private let slots: [Int]
    /// Layouts that were found to fit: those of the last run's points, which mostly come again.
    private var known: [PointLayout]

    /// - Parameter temporaries: at least `temporariesByteCount` bytes, which replays that never run at the same time
    ///   may share. Nil makes some.
    public init(_ function: CompiledFunction, temporaries: Storage? = nil) {
        self.function = function
        workspace = Workspace(function.program, temporaries: temporaries)
        known = function.arguments + function.results
        // A program's outputs follow its inputs.
        slots = known.reduce(into: [0]) { $0.append($0.last! + $1.count) }
    }

    /// Runs once. A result must not lie where an argument lies.
    public func callAsFunction(
        _ arguments: Point..., into results: Point..., on pool: ThreadPool? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        check(arguments.count, results.count, file, line)
        for i in arguments.indices { bind(i, arguments[i], .still, file, line) }
        for i in results.indices { bind(arguments.count + i, results[i], .still, file, line) }
        workspace.run(on: pool)
    }

    /// Runs `count` times; in each repetition every argument and result lies where its course says. A result of one
    /// repetition may be an argument of the next.
    public func repeated(
        _ count: Int, _ arguments: Course..., into results: Course..., on pool: ThreadPool? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        guard count > 0 else { return }
        check(arguments.count, results.count, file, line)
        for i in arguments.indices { bind(i, arguments[i].start(of: count, file, line), arguments[i].walk, file, line) }
        for i in results.indices {
            bind(arguments.count + i, results[i].start(of: count, file, line), results[i].walk, file, line)
        }
        workspace.run(repeating: count, on: pool)
    }

    /// The time of each instruction in one more run on what the last run read and wrote. Call after a run.
    public func profile(on pool: ThreadPool? = nil) -> [InstructionTime] { workspace.profile(on: pool) }

    private func check(_ argumentCount: Int, _ resultCount: Int, _ file: StaticString, _ line: UInt) {
        require(
            argumentCount == function.arguments.count && resultCount == function.results.count,
            "function: \(function.arguments.count) arguments and \(function.results.count) results expected, "
                + "got \(argumentCount) and \(resultCount)", file: file, line: line)
    }

    /// - Parameter place: of an argument, or behind all arguments of a result.
    private func bind(
        _ place: Int, _ point: Point, _ walk: Walk, _ file: StaticString, _ line: UInt
    ) {
        let layout = point.layout
        if layout !== known[place] {
            let count = function.arguments.count, isArgument = place < count
            let expected = isArgument ? function.arguments[place] : function.results[place - count]
            require(
                layout == expected,
                "\(isArgument ? "argument \(place)" : "result \(place - count)"): \(expected) expected, got \(layout)",
                file: file, line: line)
            // As a whole: writing one element in place would have every read of `known` checked for exclusive access.
            var known = known
            known[place] = layout
            self.known = known
        }
        for j in 0..<layout.count {
            workspace.bind(slot: slots[place] + j, to: point.address + layout.offsets[j], walk: walk)
        }
    }
}

/// Where an argument or a result lies in each of many repetitions.
public struct Course: Sendable {
    /// In repetition 0, and how it walks from there. Nil where there is no memory.
    private let start: Point?
    fileprivate let walk: Walk
    /// The repetitions that there is memory for.
    private let limit: Int
    /// Where it lies in odd repetitions, kept alive for the run.
    private let odd: Point?

    private init(_ start: Point?, walk: Walk = .still, limit: Int = .max, odd: Point? = nil) {
        self.start = start
        self.walk = walk
        self.limit = limit
        self.odd = odd
    }

    /// The same point every time.
    public static func fixed(_ point: Point) -> Course { Course(point) }

    /// One point after the other, from number `first` on, forward or (`step` = -1) backward.
    public static func each(_ sequence: PointSequence, from first: Int, by step: Int = 1) -> Course {
        guard first >= 0 && first < sequence.count else { return Course(nil, limit: 0) }
        let ahead = step > 0 ? (sequence.count - first + step - 1) / step : step < 0 ? first / -step + 1 : .max
        return Course(sequence[first], walk: Walk(stride: Int64(step * sequence.stride), odd: 0), limit: ahead)
    }

    /// Two points in turn.
    public static func alternating(_ even: Point, _ odd: Point) -> Course {
        require(even.layout == odd.layout, "course: points \(even.layout) and \(odd.layout) in turn")
        return Course(even, walk: Walk(stride: 0, odd: Int64(odd.address - even.address)), odd: odd)
    }

    /// Where it lies in the first of so many repetitions.
    fileprivate func start(of repetitions: Int, _ file: StaticString, _ line: UInt) -> Point {
        guard let start, repetitions <= limit else {
            stop("course: \(repetitions) repetitions over \(limit) points", file: file, line: line)
        }
        return start
    }
}
