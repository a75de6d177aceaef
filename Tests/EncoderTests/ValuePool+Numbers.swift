import SluiceTestSupport

extension ValuePool {
    static let all: [ValuePool] =
        integers + floats + numerics + truths + times + texts + documents + others + arrays

    // MARK: Whole numbers

    private static let oddIntegers = [
        "+5", "-0", "+0", "007", "-007", "0x1F", "0X1f", "-0x1F", "0o17", "0b101", "0x", "1_000",
        "1__0", "_1", "1_", "0x_1F", " 5", "5 ", "\t5\n", "-", "+", "--5", "+-5", "- 5", "5-",
        "32767", "32768", "-32768", "-32769", "2147483647", "2147483648", "-2147483648",
        "-2147483649", "4294967295", "4294967296", "-4294967295", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "18446744073709551615", "18446744073709551616", "99999999999999999999",
        "00000000000000000000000000000000000001", "1.0", "1.", ".0", "1e3", "1,000", "08", "010",
        "0000000001", "1/2", "12:", "12;", "1a", "a1", "٣",
    ]

    private static func integer(_ type: String, bits: Int, isSigned: Bool = true) -> ValuePool {
        ValuePool(type, odd: oddIntegers, alphabet: "0123456789+-_ xobeE.,") { random, _ in
            let width = random.number(in: 1...(isSigned ? bits - 1 : bits))
            let size = random.next() >> UInt64(64 - width)
            return (isSigned && random.oneIn(3) ? "-" : "") + String(size)
        }
    }

    static let integers = [
        integer("int2", bits: 16), integer("int4", bits: 32), integer("int8", bits: 64),
        integer("oid", bits: 32, isSigned: false),
    ]

    // MARK: Floating point

    private static let oddFloats = [
        "inf", "-inf", "+inf", "Infinity", "-Infinity", "INFINITY", "infinit", "NaN", "nan", "NAN",
        "+nan", "-nan", "nan(1)", "1e400", "-1e400", "1e-400", "-1e-400", "1e39", "1e-46",
        "4.9e-324", "5e-324", "2.4e-324", "2.5e-324", "2.2250738585072011e-308",
        "2.2250738585072014e-308", "1.7976931348623157e308", "1.7976931348623158e308",
        "1.7976931348623159e308", "3.4028235e38", "3.4028236e38", "3.40282357e38",
        "1.17549435e-38", "1.4e-45", "7e-46", "8e-46", "0x1p3", "0x1.8p1", "0x10", "1e", "1e+",
        "1e-", "e5", ".e5", ".", "1.", ".5", "+.5e-3", "-.5E+3", "1e5.5", "1_0", "1e0005",
        "1e00005",
        "0e400", "-0", "-0.0", "0e-999", "1E5", "1d5", "1f", "1,5", "1 e5", "1e 5", "12 34",
        "9007199254740993", "9007199254740992.5", "9007199254740993.00000000000000000000001",
        "9007199254740992.99999999999999999999999", "16777217", "16777217.0000000000000001",
        "16777216.9999999999999999", "0.000000000000000000000000000000000000000000001",
        "123456789012345678901234567890",
        "0.1000000000000000055511151231257827021181583404541015625",
        "100000000000000000000000", "1e22", "1e23", "8.5e22", "8.5e23", "9e22", "1e10", "1e11",
        "1.00000005960464477539062500000000000000", "1.0000000596046447753906250000000000000001",
        "1.0000000596046448", "0.1", "0.3", "2.225073858507201e-308", "6631236846766476e-316",
        "3237883913302901289588352412501532174863037669423108059901297049552301970670676565786835742587799557860615776559838283435514391084153169252689190564396459577394618038928365305143463955100356696665629202017331344031730044369360205258345803431471660032699580731300954848363975548690010751530018881758184174569652173110473696022749934638425380623369774736560008997404060967498028389191878963968575439222206416981462690113342524002724385941651051293552601421155333430225237291523843322331326138431477823591142408800030775170625915670728657003151953664260769822494937951845801530895238439819708403389937873241463484205608000027270531106827387907791444918534771598750162812548862768493201518991668028251730299953143924168545708663913273994694463908672332763671875E-319",
    ]

    private static func plainFloat(_ random: inout SeededRandom, single: Bool) -> String {
        let sign = random.oneIn(3) ? "-" : ""
        switch random.number(in: 0...6) {
        case 0: return sign + String(random.number(in: 0...1_000_000))
        case 1: return sign + random.digits(1...9) + "." + random.digits(1...9)
        case 2: return sign + "0." + random.digits(1...17)
        case 3: return sign + String(random.number(in: 0...99)) + "." + random.digits(14...17)
        case 4:
            // As programs print it, in the range of everyday.
            let value = Double(random.next() >> 11) / Double(1 << 53)
            let scale = random.pick([1e-30, 1e-7, 1e-3, 1, 1e3, 1e9, 1e15, 1e25])
            return sign + "\(value * scale)"
        case 5 where single:
            let bits = UInt32(truncatingIfNeeded: random.next())
            let value = Float(bitPattern: bits)
            return value.isNormal ? "\(value)" : "0"
        case 5:
            let value = Double(bitPattern: random.next())
            return value.isNormal ? "\(value)" : "0"
        default:
            return random.digits(1...9) + "e" + random.pick(["", "-", "+"]) + random.digits(1...1)
        }
    }

    /// Numbers near the middle between two neighbours, where rounding is hard.
    private static func hardFloat(_ random: inout SeededRandom, bits: Int) -> String {
        let mantissa = (random.next() >> UInt64(64 - bits - 1)) | 1 << UInt64(bits) | 1
        let shift = UInt64(random.number(in: 0...(63 - bits)))
        let whole = String(mantissa << shift)
        switch random.number(in: 0...4) {
        case 0: return whole
        case 4: return "\(Double(mantissa) / Double(1 << UInt64(random.number(in: 1...24))))"
        case 1: return whole + "." + String(repeating: "0", count: random.number(in: 1...30))
        case 2: return whole + ".00000000000000000000000000001"
        default: return whole + "e" + String(random.number(in: -40...(bits < 53 ? 18 : 20)))
        }
    }

    private static func float(_ type: String, single: Bool) -> [ValuePool] {
        [
            ValuePool(type, odd: oddFloats, alphabet: "0123456789+-.eE_ xnaif") { random, _ in
                plainFloat(&random, single: single)
            },
            ValuePool(type, odd: oddFloats, alphabet: "0123456789+-.eE") { random, _ in
                hardFloat(&random, bits: single ? 24 : 53)
            },
        ]
    }

    static let floats = float("float4", single: true) + float("float8", single: false)

    // MARK: numeric

    private static let oddNumerics =
        oddIntegers + oddFloats + [
            "0.00000", "000.100", "99999.99", "999.995", "999.994", "-999.995", "1000", "9999.5",
            "0.0000001", "0.99999", "0.009999", "0.0099995", "0.001", "0.0009",
            "12345678901234567890.5",
            "1e5", "1.5e3", "1.5e-3", "15e2", "-1.5E+3", "0e5", "0.0e-5", "1e20", "1e-20",
            "1e131071",
            "1e131072", "1e-16383", "1e-16384", "0001e1", "10000", "100000000", "0.0001", "0.00010",
            "1.10000000", "10000.0001", "12300000000", "500", "499", "9500", "9499", "99500",
            "99499",
            "1e2147483648", "1e99999999999", "0.1e1", "00.00e3", "5.e3", ".5e3", "99999", "9999",
            "5788093.750000000000", "0.000000000", "-0.0000000000000000", "0.000000001234",
            "0.0000000000000001", "00000001.000000001", "12345678.1234567890123456",
            "123456789.1234567890123456", "12345678.12345678901234567", "1.00000000000000x0",
            "+9999.0000999900009999", ".123456789", "1.12345678:",
            "NaN ", "nAn", "Inf", "0.5", "0.05", "0.49", "0.95", "0.949",
        ]

    private static func numeric(
        _ type: String, whole: ClosedRange<Int>, fraction: ClosedRange<Int>
    ) -> ValuePool {
        ValuePool(type, odd: oddNumerics, alphabet: "0123456789+-.eE_ 99900") { random, _ in
            let sign = random.pick(["", "", "", "-", "+"])
            let digits = random.digits(max(1, whole.lowerBound)...max(1, whole.upperBound))
            let text = sign + (whole.upperBound == 0 ? "0" : digits)
            guard fraction.upperBound > 0, random.oneIn(2) else { return text }
            return text + "." + random.digits(max(1, fraction.lowerBound)...fraction.upperBound)
        }
    }

    static let numerics = [
        numeric("numeric", whole: 1...8, fraction: 1...8),
        numeric("numeric", whole: 1...9, fraction: 7...18),
        numeric("numeric", whole: 1...60, fraction: 1...60),
        numeric("numeric(5,2)", whole: 1...3, fraction: 1...2),
        numeric("numeric(15,2)", whole: 1...12, fraction: 1...5),
        numeric("numeric(10,0)", whole: 1...10, fraction: 0...0),
        numeric("numeric(38,10)", whole: 1...28, fraction: 1...10),
        numeric("numeric(2,2)", whole: 0...0, fraction: 1...2),
        numeric("numeric(3,5)", whole: 0...0, fraction: 0...0),
        numeric("numeric(2,-3)", whole: 1...4, fraction: 0...0),
        numeric("numeric(1000,1000)", whole: 0...0, fraction: 1...100),
        numeric("pg_temp.price", whole: 1...5, fraction: 1...2),
    ]

    // MARK: bool

    static let truths = [
        ValuePool(
            "bool",
            odd: [
                "tr", "tru", "TRUE", "True", "y", "Y", "ye", "yes", "YES", "on", "On", "o", "of",
                "off",
                "OFF", "n", "no", "NO", "f", "fa", "fals", "FALSE", "01", "00", "10", "2", " t",
                "t ",
                "truee", "yess", "non", "offf", "T", "F", "tt", "TRUE\u{0}",
            ], alphabet: "truefalsyno01 TF"
        ) { random, _ in
            random.pick(["t", "f", "true", "false", "0", "1", "TRUE", "FALSE", "True", "False"])
        }
    ]
}
