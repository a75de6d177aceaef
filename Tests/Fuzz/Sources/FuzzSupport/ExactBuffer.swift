/// Memory that ends where its bytes end: the sanitizer sees every step beyond.
package struct ExactBuffer: ~Copyable {
    package let bytes: UnsafeMutableRawBufferPointer

    package init(count: Int) {
        bytes = .allocate(byteCount: count, alignment: 1)
    }

    package init(_ bytes: some Collection<UInt8>) {
        self.init(count: bytes.count)
        self.bytes.copyBytes(from: bytes)
    }

    package var readOnly: UnsafeRawBufferPointer { UnsafeRawBufferPointer(bytes) }

    deinit { bytes.deallocate() }
}

extension Collection<UInt8> {
    /// For a message: printable, and every byte told.
    package var told: String {
        map { byte in
            (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\\")
                ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
        }.joined(separator: "")
    }
}
