/// Formats that are not CSV, known by how they begin.
package enum ForeignFormat {
    /// How many bytes from the start are enough to tell.
    package static let magicLength = 10

    private static let magics: [(name: String, magic: [UInt8])] = [
        ("gzip", [0x1F, 0x8B]),
        ("zstd", [0x28, 0xB5, 0x2F, 0xFD]),
        ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]),
        ("lz4", [0x04, 0x22, 0x4D, 0x18]),
        ("ZIP", [0x50, 0x4B, 0x03, 0x04]),
        ("UTF-32", [0xFF, 0xFE, 0x00, 0x00]),
        ("UTF-32", [0x00, 0x00, 0xFE, 0xFF]),
        ("UTF-16", [0xFF, 0xFE]),
        ("UTF-16", [0xFE, 0xFF]),
    ]

    /// The format's name, or nil for what may be CSV.
    package static func name(ofInputBeginning start: UnsafeRawBufferPointer) -> String? {
        if let known = magics.first(where: { start.starts(with: $0.magic) }) { return known.name }
        if isBzip2(start) { return "bzip2" }
        if isParquet(start) { return "Parquet" }
        return looksLikeUTF16(start) ? "UTF-16" : nil
    }

    /// The letters alone could begin a header; the compressed block's magic could not.
    private static func isBzip2(_ start: UnsafeRawBufferPointer) -> Bool {
        start.starts(with: "BZh".utf8)
            && start.dropFirst(4).starts(with: [0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
    }

    /// Behind the letters a page header follows, and that is no text.
    private static func isParquet(_ start: UnsafeRawBufferPointer) -> Bool {
        start.starts(with: "PAR1".utf8) && start.count > 4 && start[4] < 0x20
            && !"\t\n\r".utf8.contains(start[4])
    }

    /// Latin text without a BOM: each other byte is 0.
    private static func looksLikeUTF16(_ start: UnsafeRawBufferPointer) -> Bool {
        guard start.count >= 4 else { return false }
        let zeros = start.prefix(4).map { $0 == 0 }
        return zeros == [false, true, false, true] || zeros == [true, false, true, false]
    }
}
