/// SHA-256 (FIPS 180-4), for hashes of data in reports.
public struct SHA256 {
    private var state: [UInt32] = [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ]
    private var pending: [UInt8] = []
    private var byteCount = 0

    private static let constants: [UInt32] = {
        // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
        let primes = (2...311).filter { n in !(2..<n).contains { $0 * $0 <= n && n % $0 == 0 } }
        return primes.map { prime in
            // floor(cbrt(prime) · 2³²) by bisection in integers: the root of prime · 2⁹⁶.
            var low: UInt64 = 0, high: UInt64 = 7 << 32
            while high - low > 1 {
                let middle = (low + high) / 2
                let square = middle.multipliedFullWidth(by: middle)
                // middle³ ≤ prime · 2⁹⁶, compared through middle² ≤ prime · 2⁹⁶ / middle in 128 bits.
                let cube = multiply(square.high, square.low, by: middle)
                if cube.overflow || cube.high >= UInt64(prime) << 32 { high = middle } else { low = middle }
            }
            return UInt32(truncatingIfNeeded: low)
        }
    }()

    /// The upper 128 bits' low half above 2⁶⁴ of (high·2⁶⁴ + low) · factor, and whether more was lost.
    private static func multiply(_ high: UInt64, _ low: UInt64, by factor: UInt64) -> (high: UInt64, overflow: Bool) {
        let a = low.multipliedFullWidth(by: factor), b = high.multipliedFullWidth(by: factor)
        let sum = a.high.addingReportingOverflow(b.low)
        return (sum.partialValue, b.high > 0 || sum.overflow)
    }

    /// Of no byte yet.
    public init() {}

    /// Goes on with these bytes.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Goes on with these bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        byteCount += bytes.count
        var rest = bytes
        if !pending.isEmpty {
            let taken = min(64 - pending.count, rest.count)
            pending += rest.prefix(taken)
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            if pending.count == 64 {
                pending.withUnsafeBufferPointer { compress($0.baseAddress!) }
                pending = []
            }
        }
        while rest.count >= 64 {
            compress(rest.baseAddress!.assumingMemoryBound(to: UInt8.self))
            rest = UnsafeRawBufferPointer(rebasing: rest[64...])
        }
        pending += rest
    }

    /// The digest in hexadecimal.
    public consuming func finalized() -> String {
        let bits = UInt64(byteCount) * 8
        var tail: [UInt8] = [0x80]
        while (pending.count + tail.count) % 64 != 56 { tail.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) {
            tail.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
        update(tail)
        return state.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    private mutating func compress(_ block: UnsafePointer<UInt8>) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
            for i in 0..<16 {
                w[i] =
                    UInt32(block[4 * i]) << 24 | UInt32(block[4 * i + 1]) << 16 | UInt32(block[4 * i + 2]) << 8
                    | UInt32(block[4 * i + 3])
            }
            func rotated(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }
            for i in 16..<64 {
                let s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3
                let s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10
                w[i] = w[i - 16] &+ s0 &+ w[i - 7] &+ s1
            }
            var (a, b, c, d) = (state[0], state[1], state[2], state[3]),
                (e, f, g, h) = (state[4], state[5], state[6], state[7])
            SHA256.constants.withUnsafeBufferPointer { k in
                for i in 0..<64 {
                    let t1 = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ (e & f ^ ~e & g) &+ k[i] &+ w[i]
                    let t2 = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ (a & b ^ a & c ^ b & c)
                    (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
                }
            }
            for (i, x) in [a, b, c, d, e, f, g, h].enumerated() { state[i] &+= x }
        }
    }
}
