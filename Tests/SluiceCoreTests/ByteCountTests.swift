import Glibc
import Testing

@testable import SluiceCore

@Suite struct ByteCountTests {
    @Test func `units are powers of two`() {
        #expect(ByteCount.kibibytes(3) == ByteCount(3_072))
        #expect(ByteCount.mebibytes(16) == ByteCount(16 << 20))
        #expect(ByteCount(1) < ByteCount(2))
    }

    @Test func `the peak of resident memory follows what is touched`() throws {
        let before = ByteCount.peakResident
        #expect(before > .mebibytes(1) && before < .mebibytes(100_000))
        let length = 96 << 20
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 4_096)
        for offset in stride(from: 0, to: length, by: 4_096) { memory[offset] = 1 }
        memory.deallocate()
        let after = ByteCount.peakResident
        // Something else may have been given back meanwhile.
        #expect(after.bytes >= before.bytes && after > .mebibytes(90))
    }
}
