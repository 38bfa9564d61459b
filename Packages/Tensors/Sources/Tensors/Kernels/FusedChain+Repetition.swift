import CTensorKernels

/// Where a slot's memory lies in repetition r of a chain: at its address + r · `stride` + (r odd ? `odd` : 0) bytes.
///
/// States one behind the other in a block: `stride` is their distance. Two buffers a and b that change places: `odd` is
/// b - a for the slot that starts at a, and a - b for the one that starts at b. Both 0: always the same memory.
typealias Walk = tensor_walk

extension Walk {
    static let still = Walk(stride: 0, odd: 0)

    /// From repetition 0 to another one, in bytes.
    func distance(to repetition: Int) -> Int { repetition * Int(stride) + (repetition % 2 == 1 ? Int(odd) : 0) }
}

extension FusedChain {
    /// Runs the chain `repeats` times, each repetition after the one before is complete: it may read what that one
    /// wrote. Within a repetition no output overlaps an input. The bits are those of single runs.
    ///
    /// Made for few elements, where a single run spends its time on being called: ten operations on one float64 take
    /// 12 ns in place of 50.
    /// - Parameter walks: of each of the memory's slots.
    func run(_ memory: Memory, repeats: Int, walks: UnsafePointer<Walk>) {
        withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: views.count) { addresses in
            for i in 0..<views.count { addresses[i] = memory.addresses[views[i].slot] + views[i].byteOffset }
            if split.pieces == 1 {
                withUnsafeTemporaryAllocation(of: Walk.self, capacity: views.count) { ownWalks in
                    for i in 0..<views.count { ownWalks[i] = walks[views[i].slot] }
                    let repeated = elementType == .float64 ? tensor_fused_repeat_f64 : tensor_fused_repeat_f32
                    repeated(chain, addresses.baseAddress!, ownWalks.baseAddress!, Int64(count), Int64(repeats))
                }
            } else {
                // Pieces of one repetition may read what other pieces of the one before wrote.
                for repetition in 0..<repeats {
                    run(addresses.baseAddress!, on: memory.pool)
                    for i in 0..<views.count {
                        let walk = walks[views[i].slot]
                        addresses[i]! += Int(repetition % 2 == 0 ? walk.stride + walk.odd : walk.stride - walk.odd)
                    }
                }
            }
        }
    }
}
