import Testing
import pgsluice

@Suite struct TextsTests {
    @Test func `digits are grouped by thousands`() {
        let numbers = [0, 999, 1_000, 1_180_000, -12_345]
        #expect(numbers.map(grouped) == ["0", "999", "1,000", "1,180,000", "-12,345"])
    }

    @Test(arguments: [
        (0.0, "0 B"), (1023.9, "1023 B"), (1024, "1.0 kB"), (1_048_524, "1023.9 kB"),
        (1_048_575, "1.0 MB"), (98_765_432, "94.2 MB"), (0x1p30, "1.0 GB"), (0x1p52, "4096.0 TB"),
    ])
    func `sizes have one decimal and the unit that fits`(bytes: Double, text: String) {
        #expect(approximateSize(bytes) == text)
    }

    @Test(arguments: [
        (Duration.zero, "00:00"), (.milliseconds(12_900), "00:12"), (.seconds(3_599), "59:59"),
        (.seconds(3_600), "1:00:00"), (.seconds(180_061), "50:01:01"),
    ])
    func `a clock shows hours when there are any`(duration: Duration, text: String) {
        #expect(clock(duration) == text)
    }

    @Test(arguments: [
        (Duration.zero, "0.00 s"), (.milliseconds(409), "0.41 s"), (.milliseconds(9_999), "10.0 s"),
        (.milliseconds(59_990), "1 min 0 s"), (.seconds(125), "2 min 5 s"),
        (.seconds(3_725), "1 h 2 min"),
    ])
    func `times are as exact as their length allows`(duration: Duration, text: String) {
        #expect(approximateTime(duration) == text)
    }

    @Test func `control characters are shown, not sent to the terminal`() {
        let hostile = "a\tb\n\u{1B}[2J\u{9B}2J\u{7}\u{FC}"
        #expect(printable(hostile) == "a\tb\\n\\x1b[2J\\x9b2J\\x07\u{FC}")
    }

    @Test func `decimals are rounded and padded`() {
        let texts = [(0.049, 1), (0.05, 1), (12.345, 2), (-1.5, 1), (7.04, 3)].map {
            decimal($0, digits: $1)
        }
        #expect(texts == ["0.0", "0.1", "12.35", "-1.5", "7.040"])
    }
}
