/// Where each temporary buffer lies in a program's arena: buffers that are never alive together share memory.
struct MemoryPlan {
    private(set) var offsets: [Int] = []
    private(set) var byteCount = 0

    struct Buffer {
        let byteCount: Int
        /// First and last instruction that touches it.
        let lifetime: ClosedRange<Int>
    }

    /// First fit, larger buffers first.
    init(_ buffers: [Buffer]) {
        offsets = [Int](repeating: 0, count: buffers.count)
        var placed: [Int] = []
        for i in buffers.indices.sorted(by: { (buffers[$0].byteCount, $1) > (buffers[$1].byteCount, $0) }) {
            let size = (buffers[i].byteCount + 127) & ~63  // one vector of room behind each
            var offset = 0
            for j in placed.filter({ buffers[$0].lifetime.overlaps(buffers[i].lifetime) }).sorted(by: {
                offsets[$0] < offsets[$1]
            }) {
                if offset + size <= offsets[j] { break }
                offset = max(offset, offsets[j] + ((buffers[j].byteCount + 127) & ~63))
            }
            offsets[i] = offset
            placed.append(i)
            byteCount = max(byteCount, offset + size)
        }
    }
}
