/// Where each temporary buffer lies in a program's arena: buffers that are never alive together share memory.
struct MemoryPlan {
    private(set) var offsets: [Int] = []
    private(set) var byteCount = 0

    struct Buffer {
        let byteCount: Int
        /// First and last instruction that touches it.
        let lifetime: ClosedRange<Int>
    }

    /// - Parameter temporaries: slots that instructions read and write; each is alive from the first to the last of
    ///   them.
    init(_ temporaries: [(slot: Int, byteCount: Int)], usedBy instructions: [Instruction], slotCount: Int) {
        var first = [Int](repeating: .max, count: slotCount), last = [Int](repeating: -1, count: slotCount)
        for (i, instruction) in instructions.enumerated() {
            for slot in instruction.reads + instruction.writes {
                first[slot] = min(first[slot], i)
                last[slot] = i
            }
        }
        self.init(
            temporaries.map { slot, byteCount in
                Buffer(byteCount: byteCount, lifetime: last[slot] < 0 ? 0...0 : first[slot]...last[slot])
            })
    }

    /// First fit, larger buffers first.
    init(_ buffers: [Buffer]) {
        /// What was placed, by ascending offset.
        struct Place {
            let offset: Int32, end: Int32, first: Int32, last: Int32  // offset and end in units of a cache line
        }
        var places: [Place] = []
        places.reserveCapacity(buffers.count)
        offsets = [Int](repeating: 0, count: buffers.count)
        for i in buffers.indices.sorted(by: { (buffers[$0].byteCount, $1) > (buffers[$1].byteCount, $0) }) {
            let size = Int32((buffers[i].byteCount + 127) / 64)  // one vector of room behind each
            let first = Int32(buffers[i].lifetime.lowerBound), last = Int32(buffers[i].lifetime.upperBound)
            var offset: Int32 = 0
            for place in places where place.first <= last && first <= place.last {
                if offset + size <= place.offset { break }
                offset = max(offset, place.end)
            }
            offsets[i] = 64 * Int(offset)
            var low = 0, high = places.count
            while low < high {
                let middle = (low + high) / 2
                if places[middle].offset <= offset { low = middle + 1 } else { high = middle }
            }
            places.insert(Place(offset: offset, end: offset + size, first: first, last: last), at: low)
            byteCount = max(byteCount, 64 * Int(offset + size))
        }
    }
}
