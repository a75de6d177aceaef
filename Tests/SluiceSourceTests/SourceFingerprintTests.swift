import SluiceCore
import SluiceSource
import SluiceTestSupport
import Testing

/// A file is known by its size and its ends.
@Suite struct SourceFingerprintTests {
    private let folder = TemporaryFolder()

    private func fingerprint(_ bytes: [UInt8]) throws -> SourceFingerprint? {
        try SourceFingerprint.ofFile(folder.file("a", bytes))
    }

    private func digest(_ bytes: [UInt8]) -> Digest128 {
        bytes.withUnsafeBytes { Digest128(of: $0) }
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
    func `the first and the last 64 KiB are hashed, one after the other`(size: Int) throws {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 3) }
        let known = try #require(try fingerprint(bytes))
        #expect(known.size == size)
        #expect(known.digest == digest(bytes.prefix(65_536) + bytes.suffix(65_536)))
    }

    @Test func `a byte at an end tells two files apart, one in the middle does not`() throws {
        let bytes = [UInt8](repeating: 7, count: 200_000)
        let known = try fingerprint(bytes)
        for (place, isSeen) in [(0, true), (65_535, true), (65_536, false), (199_999, true)] {
            var changed = bytes
            changed[place] = 8
            #expect(try (fingerprint(changed) != known) == isSeen, "byte \(place)")
        }
    }

    @Test func `a stream has none, and is not opened`() throws {
        #expect(try SourceFingerprint.ofFile(folder.fifo("pipe")) == nil)
        #expect(try SourceFingerprint.ofFile("/dev/null") == nil)
        #expect(try SourceFingerprint.ofFile("/proc/self/status") == nil)
    }

    @Test func `a file that is missing, or none, is an error`() {
        #expect(throws: SourceError.self) { try SourceFingerprint.ofFile(folder / "missing") }
        #expect(throws: SourceError.self) { try SourceFingerprint.ofFile(folder.path) }
    }
}
