/// The memory in which a compiled function runs, again and again, without allocating. Belongs to one thread at a time.
public final class Replay {
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
        for i in arguments.indices { bind(i, arguments[i].layout, arguments[i].address, .still, file, line) }
        for i in results.indices {
            bind(arguments.count + i, results[i].layout, results[i].address, .still, file, line)
        }
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
        for i in arguments.indices {
            arguments[i].check(repetitions: count, file, line)
            bind(i, arguments[i].layout, arguments[i].address, arguments[i].walk, file, line)
        }
        for i in results.indices {
            results[i].check(repetitions: count, file, line)
            bind(arguments.count + i, results[i].layout, results[i].address, results[i].walk, file, line)
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
        _ place: Int, _ layout: PointLayout, _ start: UnsafeMutableRawPointer, _ walk: Walk, _ file: StaticString,
        _ line: UInt
    ) {
        if layout !== known[place] {
            let count = function.arguments.count, isArgument = place < count
            let expected = isArgument ? function.arguments[place] : function.results[place - count]
            require(
                layout == expected,
                "\(isArgument ? "argument \(place)" : "result \(place - count)"): \(expected) expected, got \(layout)",
                file: file, line: line)
            known[place] = layout
        }
        for j in 0..<layout.count {
            workspace.bind(slot: slots[place] + j, to: start + layout.offsets[j], walk: walk)
        }
    }
}

/// Where an argument or a result lies in each of many repetitions.
public struct Course: Sendable {
    let layout: PointLayout
    /// In repetition 0, and how it walks from there.
    nonisolated(unsafe) let address: UnsafeMutableRawPointer
    let walk: Walk
    /// The repetitions that there is memory for.
    private let limit: Int
    /// Kept alive for the run.
    private let storage: Storage, oddStorage: Storage?

    private init(_ even: Point, odd: Point? = nil, stride: Int = 0, limit: Int = .max) {
        layout = even.layout
        address = even.address
        walk = Walk(stride: Int64(stride), odd: Int64(odd.map { $0.address - even.address } ?? 0))
        self.limit = limit
        storage = even.storage
        oddStorage = odd?.storage
    }

    /// The same point every time.
    public static func fixed(_ point: Point) -> Course { Course(point) }

    /// One point after the other, from number `first` on, forward or (`step` = -1) backward.
    public static func each(_ sequence: PointSequence, from first: Int, by step: Int = 1) -> Course {
        let isInside = first >= 0 && first < sequence.count
        let ahead = step > 0 ? (sequence.count - first + step - 1) / step : step < 0 ? first / -step + 1 : .max
        return Course(sequence.unchecked(first), stride: step * sequence.stride, limit: isInside ? ahead : 0)
    }

    /// Two points in turn.
    public static func alternating(_ even: Point, _ odd: Point) -> Course {
        require(even.layout == odd.layout, "course: points \(even.layout) and \(odd.layout) in turn")
        return Course(even, odd: odd)
    }

    fileprivate func check(repetitions: Int, _ file: StaticString, _ line: UInt) {
        require(repetitions <= limit, "course: \(repetitions) repetitions over \(limit) points", file: file, line: line)
    }
}
