import Glibc
import SluiceCodec
import SluiceCore

/// A reusable batch buffer: the bytes of whole records and where each record lies.
///
/// Its memory never moves and is touched only as it is used. A slot belongs to one task at a time:
/// the reader fills it, `loaded` hands it to a worker, and `vacant` back.
final class Slot: @unchecked Sendable {  // The ring hands it from one owner to the next.
    static let recordCapacity = 262_144
    private static let largePage = 2 << 20

    let bytes: UnsafeMutableRawBufferPointer
    let bounds: UnsafeMutableBufferPointer<RecordBounds>
    private let batchBytes: Int
    /// How far the memory has been written.
    var touched = 0

    /// - Parameter isToBeFilled: batches of the usual length are to be expected.
    /// - Throws: `Errno` when there is not so much address space.
    init(
        batchBytes: ByteCount, maxRecordBytes: ByteCount, isToBeFilled: Bool = true
    ) throws(Errno) {
        self.batchBytes = batchBytes.bytes
        // Behind the longest record stands what may end it.
        let length = batchBytes.bytes + maxRecordBytes.bytes + 64
        // Whole large pages, so that the system begins it with one.
        bytes = try Self.map((length + Self.largePage - 1) / Self.largePage * Self.largePage)
        // Each batch writes this much: a few faults instead of one for each 4 KiB.
        let filled = isToBeFilled ? batchBytes.bytes / Self.largePage * Self.largePage : 0
        if filled > 0 { madvise(bytes.baseAddress!, filled, MADV_HUGEPAGE) }
        do {
            let index = try Self.map(Self.recordCapacity * MemoryLayout<RecordBounds>.stride)
            bounds = index.bindMemory(to: RecordBounds.self)
        } catch {
            munmap(bytes.baseAddress!, bytes.count)
            throw error
        }
    }

    deinit {
        munmap(bytes.baseAddress!, bytes.count)
        munmap(bounds.baseAddress!, bounds.count * MemoryLayout<RecordBounds>.stride)
    }

    private static func map(_ count: Int) throws(Errno) -> UnsafeMutableRawBufferPointer {
        let address = mmap(
            nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let address, address != MAP_FAILED else { throw .current }
        return UnsafeMutableRawBufferPointer(start: address, count: count)
    }

    /// Gives back the memory from `position` on that a batch of the usual length does not touch.
    func trim(from position: Int) {
        let page = Int(getpagesize())
        let kept = (max(batchBytes, position) + page - 1) / page * page
        guard touched > kept else { return }
        madvise(bytes.baseAddress! + kept, bytes.count - kept, MADV_DONTNEED)
        touched = kept
    }
}
