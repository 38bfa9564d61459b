import Testing

@testable import Randomness

@Suite struct PhiloxTests {
    @Test("Philox gives the numbers of its authors' known-answer file")
    func knownAnswers() {
        // Random123, kat_vectors: philox 4x32 with 10 rounds.
        #expect(
            Philox.block(counter: [0, 0, 0, 0], key: [0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        let ones = UInt32.max
        #expect(
            Philox.block(counter: [ones, ones, ones, ones], key: [ones, ones])
                == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
        #expect(
            Philox.block(
                counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: [0xa409_3822, 0x299f_31d0])
                == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
    }

    @Test("a generator's numbers are the blocks of its seed, stream and position, low words first")
    func layout() {
        let seed: UInt64 = 0x1122_3344_5566_7788, stream = RandomStream("test", number: 0x99AA_BBCC_DDEE_FF00)
        var random = RandomGenerator(seed: seed, stream: stream)
        for position in 0..<UInt32(3) {
            let block = Philox.block(
                counter: [position, 0, 0xDDEE_FF00, 0x99AA_BBCC], key: [0x5566_7788, 0x1122_3344])
            #expect(random.next() == UInt64(block[1]) << 32 | UInt64(block[0]))
            #expect(random.next() == UInt64(block[3]) << 32 | UInt64(block[2]))
        }
    }
}
