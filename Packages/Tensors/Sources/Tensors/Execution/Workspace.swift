/// The memory of one running program: bind its inputs and outputs to addresses, run, rebind, run again.
///
/// Belongs to one thread at a time. Bound memory must be aligned to 64 bytes, hold the whole tensor, and outlive the
/// run; an output must not overlap an input.
final class Workspace {
    let program: Program
    private let arena: Storage
    private let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer>
    /// Where each slot lies in the next repetition; only inputs and outputs walk.
    private let walks: UnsafeMutablePointer<Walk>

    /// - Parameter temporaries: at least `arenaByteCount` bytes, which workspaces that never run at the same time may
    ///   share. Nil makes some.
    init(_ program: Program, temporaries: Storage? = nil) {
        require(
            temporaries.map { $0.byteCount >= program.arenaByteCount } ?? true,
            "workspace: fewer bytes than the program's temporaries")
        self.program = program
        arena = temporaries ?? Storage(byteCount: program.arenaByteCount)
        addresses = .allocate(capacity: max(program.slotCount, 1))
        addresses.initialize(repeating: arena.address, count: max(program.slotCount, 1))
        walks = .allocate(capacity: max(program.slotCount, 1))
        walks.initialize(repeating: .still, count: max(program.slotCount, 1))
        for (slot, constant) in zip(program.constantSlots, program.constants) { addresses[slot] = constant.address }
        for (slot, offset) in zip(program.temporarySlots, program.temporaryOffsets) {
            addresses[slot] = arena.address + offset
        }
    }

    deinit {
        addresses.deallocate()
        walks.deallocate()
    }

    /// - Parameter slot: the number of an input, or behind all inputs of an output.
    func bind(slot: Int, to address: UnsafeMutableRawPointer, walk: Walk = .still) {
        addresses[slot] = address
        walks[slot] = walk
    }

    /// Runs the program; with a pool, large kernels are shared among its threads.
    func run(on pool: ThreadPool? = nil) {
        let memory = Memory(addresses: addresses, pool: pool)
        program.instructions.withUnsafeBufferPointer { instructions in
            for i in 0..<instructions.count { instructions[i].kernel(memory) }
        }
    }

    /// Runs the program `count` times; its inputs and outputs walk from one repetition to the next, and lie where the
    /// last one left them afterwards.
    func run(repeating count: Int, on pool: ThreadPool?) {
        if program.instructions.count == 1, let chain = program.instructions[0].chain {
            chain.run(Memory(addresses: addresses, pool: pool), repeats: count, walks: walks)
            for slot in 0..<program.boundCount { addresses[slot] += walks[slot].distance(to: count - 1) }
            return
        }
        for repetition in 0..<count {
            if repetition > 0 {
                for slot in 0..<program.boundCount {
                    addresses[slot] += walks[slot].distance(to: repetition) - walks[slot].distance(to: repetition - 1)
                }
            }
            run(on: pool)
        }
    }

    /// As `run`, and the seconds that each instruction took.
    func profile(on pool: ThreadPool? = nil) -> [InstructionTime] {
        let memory = Memory(addresses: addresses, pool: pool), clock = ContinuousClock()
        return program.instructions.map { instruction in
            let time = clock.measure { instruction.kernel(memory) }
            let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
            return InstructionTime(
                instruction: instruction.text, floatingPointOperations: instruction.floatingPointOperations,
                isProduct: instruction.isProduct, seconds: seconds)
        }
    }
}

/// One instruction's part in a replay.
public struct InstructionTime: Sendable {
    /// As the program's description prints it.
    public let instruction: String
    /// Of one run.
    public let floatingPointOperations: Int
    /// Whether it is a matrix product or a convolution.
    public let isProduct: Bool
    /// Of all runs that were measured.
    public let seconds: Double
}
