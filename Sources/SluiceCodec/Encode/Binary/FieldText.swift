/// A value's bytes, its quoting taken out. So many as `slack` behind them may be read.
struct FieldText {
    static let slack = 64

    var start: UnsafePointer<UInt8>
    var count: Int

    @inline(__always)
    init(_ start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
    }

    @inline(__always)
    subscript(index: Int) -> UInt8 { start[index] }

    @inline(__always)
    func dropFirst(_ dropped: Int = 1) -> FieldText {
        FieldText(start + dropped, count: count &- dropped)
    }

    @inline(__always)
    func part(_ record: RecordBounds) -> FieldText {
        FieldText(start + Int(record.start), count: Int(record.end &- record.start))
    }

    /// Takes the sign off; true: it is negative.
    @inline(__always)
    mutating func takeSign() -> Bool {
        // No branch on what comes by chance: 1 where it is so, else 0.
        let isMinus = Int(bitPattern: UInt(start[0] ^ .minus) &- 1) &>> 63 & 1
        let isPlus = Int(bitPattern: UInt(start[0] ^ .plus) &- 1) &>> 63 & 1
        let isThere = (0 &- count) &>> 63 & 1
        self = dropFirst((isMinus | isPlus) & isThere)
        return isMinus & isThere != 0
    }
}

extension UInt8 {
    static let minus = UInt8(ascii: "-")
    static let plus = UInt8(ascii: "+")
    static let point = UInt8(ascii: ".")
    static let colon = UInt8(ascii: ":")
    static let zero = UInt8(ascii: "0")

    @inline(__always)
    var isDigit: Bool { self &- .zero < 10 }

    /// A letter's small form; what is no letter stays no letter.
    @inline(__always)
    var lowercased: UInt8 { self | 0x20 }
}

extension UnsafePointer where Pointee == UInt8 {
    /// Eight bytes, the first one the lowest.
    @inline(__always)
    var word: UInt64 { UnsafeRawPointer(self).loadUnaligned(as: UInt64.self).littleEndian }

    /// Four bytes, the first one the lowest.
    @inline(__always)
    var halfWord: UInt32 { UnsafeRawPointer(self).loadUnaligned(as: UInt32.self).littleEndian }
}

extension UnsafeMutablePointer where Pointee == UInt8 {
    @inline(__always)
    func store(_ number: some FixedWidthInteger) {
        UnsafeMutableRawPointer(self).storeBytes(
            of: number.bigEndian, as: type(of: number.bigEndian))
    }

    /// Copies text, and may write up to 64 bytes behind it.
    @inline(__always)
    func copy(_ text: FieldText) {
        if text.count <= 16 {
            update(from: text.start, count: 16)
        } else if text.count <= 64 {
            // In one go: a loop's end would come by chance.
            update(from: text.start, count: 64)
        } else {
            update(from: text.start, count: text.count)
        }
    }
}
