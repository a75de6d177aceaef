import Testing

@testable import SluiceSource

@Suite struct ForeignFormatTests {
    @Test(
        arguments: [
            ("gzip", [0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03]),
            ("zstd", [0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x58, 0x29, 0x00, 0x00, 0x61]),
            ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0x00, 0x04, 0xE6, 0xD6]),
            ("lz4", [0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xA7, 0x02, 0x00, 0x00]),
            ("ZIP", [0x50, 0x4B, 0x03, 0x04, 0x14, 0x00, 0x00, 0x00, 0x08, 0x00]),
            ("bzip2", [0x42, 0x5A, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]),
            ("bzip2", [0x42, 0x5A, 0x68, 0x31, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]),
            ("Parquet", [0x50, 0x41, 0x52, 0x31, 0x15, 0x04, 0x15, 0x10, 0x15, 0x14]),
            ("UTF-16", [0xFF, 0xFE, 0x61, 0x00, 0x2C, 0x00, 0x62, 0x00, 0x0A, 0x00]),
            ("UTF-16", [0xFE, 0xFF, 0x00, 0x61, 0x00, 0x2C, 0x00, 0x62, 0x00, 0x0A]),
            ("UTF-16", [0x61, 0x00, 0x2C, 0x00, 0x62, 0x00, 0x0A, 0x00]),
            ("UTF-16", [0x00, 0x61, 0x00, 0x2C, 0x00, 0x62, 0x00, 0x0A]),
            ("UTF-32", [0xFF, 0xFE, 0x00, 0x00, 0x61, 0x00, 0x00, 0x00]),
            ("UTF-32", [0x00, 0x00, 0xFE, 0xFF, 0x00, 0x00, 0x00, 0x61]),
        ] as [(String, [UInt8])])
    func `a format is known by how it begins`(name: String, start: [UInt8]) {
        #expect(format(start) == name)
        #expect(format(start + Array(repeating: 0x41, count: 100)) == name)
    }

    /// Whose letters alone a CSV could begin with.
    @Test(arguments: [
        "BZh", "BZh\n", "BZh,a,b", "BZh9,price", "BZh91,Mae Hong Son", "BZh91AY&S,",
        "PAR1", "PAR1\n", "PAR1\r\n", "PAR1,x", "PAR1\tx", "PAR1;x", "PAR1|x", "PAR1 x",
        "PK", "PK\n", "PK,name", "PK;name", "PK1,2", "PK\tid",
        "", "a", ",", "\n", "\"\"", "\u{FEFF}id,name", "\u{1A}", "(,7z", "7zXZ,a",
        "\u{0},", "a\u{0}b", "ÿþ,a", "þÿ,a", "ý7zXZ", "0,1\n", "\r\n\r\n",
    ])
    func `a CSV is none of them`(text: String) {
        #expect(format(Array(text.utf8)) == nil)
    }

    @Test func `any few bytes can be looked at`() {
        for length in 0...3 {
            for byte in UInt8.min...UInt8.max {
                // At most UTF-16's byte order mark is known by so few.
                let name = format(Array(repeating: byte, count: length))
                #expect(name == nil)
            }
        }
    }

    @Test func `what is cut in the middle of its magic may be anything`() {
        let zstd: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
        for length in 0..<4 { #expect(format(Array(zstd[..<length])) == nil) }
        #expect(format(zstd) == "zstd")
    }

    private func format(_ start: [UInt8]) -> String? {
        start.prefix(ForeignFormat.magicLength).withUnsafeBytes {
            ForeignFormat.name(ofInputBeginning: $0)
        }
    }
}
