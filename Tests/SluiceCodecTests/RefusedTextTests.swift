import Glibc
import SluiceCodec
import Testing

@Suite struct RefusedTextTests {
    private static let layout = RecordLayout(
        dialect: Dialect(), fields: [FieldEncoding(), FieldEncoding(isDropped: true)])

    @Test(
        arguments: [
            ("é,b", nil), (",", nil), ("a\u{0}b,", "00620a"), ("\"é\"\"\u{0}\",x", "000a"),
            ("\u{0},\u{0}", "000a"), ("a,\u{0}", nil),
        ] as [(String, String?)])
    func `NUL is refused where it is sent`(record: String, wanted: String?) throws {
        #expect(try refused(Array(record.utf8))?.hex == wanted)
    }

    @Test(
        arguments: [
            ([0x61, 0xC3, 0x62, 0x2C], "c3620a"), ([0xE6, 0x97, 0x2C], "e6970a"),
            ([0xFF] + Array("0123456789,".utf8), "ff30313233343536"),
            ([0x61, 0x2C, 0xE6, 0x97], nil),
        ] as [([UInt8], String?)])
    func `what is not UTF-8 is refused with up to 7 bytes behind it`(
        record: [UInt8], wanted: String?
    ) throws {
        #expect(try refused(record)?.hex == wanted)
    }

    /// Of a record that ends where no more may be read: to do so would end the tests.
    private func refused(_ record: [UInt8]) throws -> [UInt8]? {
        let page = Int(getpagesize())
        let pages = mmap(
            nil, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        let start = try #require(pages != MAP_FAILED ? pages : nil)
        defer { munmap(start, 2 * page) }
        try #require(mprotect(start + page, page, PROT_NONE) == 0)
        let bytes = UnsafeMutableRawBufferPointer(
            start: start + page - record.count, count: record.count)
        bytes.copyBytes(from: record)
        return refusedText(
            of: RecordBounds(start: 0, end: UInt32(record.count)), in: .init(bytes),
            layout: Self.layout)
    }
}
