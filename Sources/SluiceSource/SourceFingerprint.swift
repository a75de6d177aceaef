import Glibc
package import SluiceCore

/// By what a regular file is known again: its size, and a hash of its first and last 64 KiB.
///
/// Neither its path nor its time of change is in it.
package struct SourceFingerprint: Hashable, Sendable {
    /// In bytes, from where it is read.
    package let size: Int
    /// Of the first 64 KiB and of the last, one after the other; in a file of less than both, some
    /// or all bytes count twice.
    package let digest: Digest128

    private static let endLength = 64 << 10

    /// Looks at a file by its path, and opens no FIFO.
    ///
    /// - Returns: nil for a stream, and for a file that has no size.
    /// - Throws: `SourceError`, as `InputFile` does.
    package static func ofFile(_ path: String) throws(SourceError) -> SourceFingerprint? {
        guard !InputFile.isStream(path: path) else { return nil }
        let file = try InputFile(path: path)
        return try SourceFingerprint(of: file)
    }

    /// Looks at standard input, if it is a file, and leaves it where it stands.
    ///
    /// - Returns, Throws: as `ofFile`.
    package static func ofStandardInput() throws(SourceError) -> SourceFingerprint? {
        let file = try InputFile(standardInputNamed: "stdin")
        return try SourceFingerprint(of: file)
    }

    private init?(of file: borrowing InputFile) throws(SourceError) {
        guard let size = file.size else { return nil }
        self.size = size
        var accumulator = Digest128.Accumulator()
        try file.add(0..<min(size, Self.endLength), to: &accumulator)
        try file.add(max(0, size - Self.endLength)..<size, to: &accumulator)
        digest = accumulator.digest
    }
}
