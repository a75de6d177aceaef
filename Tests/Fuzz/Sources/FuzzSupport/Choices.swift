package import SluiceCodec
import SluiceCore

/// The first bytes of an input say how the rest is to be read; where it ends, they are 0.
package struct Choices {
    private var rest: Slice<UnsafeRawBufferPointer>

    package init(_ start: UnsafePointer<UInt8>, _ count: Int) {
        rest = UnsafeRawBufferPointer(start: start, count: count)[...]
    }

    package mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    package mutating func number(below limit: Int) -> Int { Int(byte()) % limit }

    package mutating func flag() -> Bool { byte() & 1 == 1 }

    package mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[number(below: choices.count)]
    }

    /// What is not a choice.
    package var data: [UInt8] { Array(rest) }

    /// No two of its bytes are the same, as the flags demand.
    package mutating func dialect() -> Dialect {
        let quote = pick(Array("\"'".utf8))
        return Dialect(
            delimiter: pick(Array(",;\t| \u{1}\u{1A}z".utf8)), quote: quote,
            escape: flag() ? UInt8(ascii: "\\") : quote, quoting: pick(Dialect.Quoting.allCases),
            null: pick(["", "a", "\\N", "NULL"].map { Array($0.utf8) }),
            comment: flag() ? UInt8(ascii: "#") : nil,
            maxRecordBytes: pick([1 << 20, 64, 100, 1_000, 40, 7, 1].map { ByteCount($0) }))
    }
}

/// What `Choices` reads as these, for a seed.
package struct ChosenDialect {
    private let bytes: [UInt8]

    /// nil: `Choices` has no such dialect.
    package init?(_ dialect: OracleDialect) {
        let delimiters = Array(",;\t| \u{1}\u{1A}z".utf8)
        guard let delimiter = delimiters.firstIndex(of: dialect.delimiter),
            let quote = Array("\"'".utf8).firstIndex(of: dialect.quote),
            let quoting = Dialect.Quoting.allCases.firstIndex(where: {
                $0.rawValue == dialect.quoting.rawValue
            })
        else { return nil }
        let nulls = ["", "a", "\\N", "NULL"].map { Array($0.utf8) }
        let flags = [dialect.escape == dialect.quote, dialect.comment == nil].map {
            UInt8($0 ? 0 : 1)
        }
        bytes = [
            UInt8(quote), UInt8(delimiter), flags[0], UInt8(quoting),
            UInt8(nulls.firstIndex(of: dialect.null) ?? 0), flags[1], 0,
        ]
    }

    package var choices: [UInt8] { bytes }
}
