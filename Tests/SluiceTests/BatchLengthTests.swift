import SluiceCore
import Testing

@testable import Sluice

@Suite struct BatchLengthTests {
    private static let mebibyte = 1 << 20

    @Test func whatTheUserWantsIsTakenAsItIs() {
        let length = BatchLength(.kibibytes(16), slots: 4, workers: 2)
        for (begun, left) in [(0, Int?.none), (5, nil), (5, 100)] {
            #expect(length.bytes(begun: begun, left: left) == 16 << 10)
        }
    }

    @Test(arguments: [
        (3, 6 << 20), (4, 6 << 20), (6, 4 << 20), (30, (24 << 20) / 30),
    ])
    func slotsShareTheMemory(slots: Int, bytes: Int) {
        #expect(BatchLength(nil, slots: slots, workers: slots - 1).usual.bytes == bytes)
    }

    @Test func everyWorkersFirstBatchIsShort() {
        let length = BatchLength(nil, slots: 4, workers: 2)
        let lengths = (0..<4).map { length.bytes(begun: $0, left: nil) / Self.mebibyte }
        #expect(lengths == [1, 1, 6, 6])
    }

    @Test func theLastBatchesAreEverShorter() {
        let length = BatchLength(nil, slots: 4, workers: 2)
        var (left, lengths) = (20 << 20, [Int]())
        while left > 0 {
            let bytes = length.bytes(begun: 9, left: left)
            lengths.append(bytes)
            left -= bytes
        }
        #expect(lengths.prefix(3).map { $0 / 1024 } == [6144, 6144, 4096])
        #expect(lengths == lengths.sorted(by: >))
        #expect(lengths.count == 6)
        #expect(lengths.last == Self.mebibyte)
    }

    /// Of memory for many jobs there may be less than the shortest batch.
    @Test func noBatchIsLongerThanASlot() {
        let length = BatchLength(nil, slots: 66, workers: 64)
        #expect(length.bytes(begun: 0, left: nil) == (24 << 20) / 66)
        #expect(length.bytes(begun: 99, left: 10) == (24 << 20) / 66)
    }
}
