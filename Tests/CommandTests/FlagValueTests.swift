import SluiceCore
import Testing
import pgsluice

@Suite struct FlagValueTests {
    @Test(
        arguments: [
            (",", 0x2C), ("-", 0x2D), ("\\t", 9), ("\t", 9), ("tab", 9), ("space", 0x20),
            (" ", 0x20),
            ("\\x1F", 0x1F), ("\\xfe", 0xFE), ("\\", 0x5C),
        ] as [(String, UInt8)])
    func `a byte is itself, a name or hexadecimal`(text: String, byte: UInt8) throws {
        #expect(try FlagValue.byte(text, of: "--delimiter") == byte)
    }

    @Test(
        arguments: [
            "", "ab", "\u{A7}", "\\x", "\\x1", "\\x123", "\\xGG", "\\n", "\\x0a", "\\x00",
        ])
    func `what is not one byte, or ends lines, is refused`(text: String) {
        #expect(throws: UsageError.self) { try FlagValue.byte(text, of: "--delimiter") }
    }

    @Test(arguments: [
        ("1024", 1_024), ("1kB", 1_024), ("8MB", 8 << 20), ("8 MB", 8 << 20), ("1.5MB", 3 << 19),
        ("1GB", 1 << 30), ("2048B", 2_048), ("0.001TB", 1_099_511_628),
    ])
    func `sizes are written as in postgresql.conf`(text: String, bytes: Int) throws {
        let range = ByteCount(1_024)...ByteCount(1 << 31)
        #expect(try FlagValue.size(text, of: "--batch-bytes", in: range) == ByteCount(bytes))
    }

    @Test(arguments: [
        ("1MiB", "'MiB' is no unit, take B, kB, MB, GB or TB"), ("1mb", "'mb' is no unit"),
        ("-1MB", "'-1MB' does not begin with a number"), ("", "'' does not begin with a number"),
        ("MB", "does not begin"), (".5MB", "does not begin"), ("1.2.3MB", "does not begin"),
        ("0", "'0' is not from 1kB to 1GB"), ("1023", "not from"), ("1073741825", "not from"),
        ("99999999999999999999999TB", "not from"), ("0.1B", "less than 1 B"),
        ("1e3", "'e3' is no unit"), ("nan", "does not begin"),
    ])
    func `other sizes are refused by name`(text: String, message: String) {
        let error = #expect(throws: UsageError.self) {
            try FlagValue.size(
                text, of: "--batch-bytes", in: .kibibytes(1)...(.mebibytes(1_024)))
        }
        #expect(error?.message.hasPrefix("--batch-bytes: ") == true)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        ("30", Duration.seconds(30)), ("30s", .seconds(30)), ("5min", .seconds(300)),
        ("500ms", .milliseconds(500)), ("1.5h", .seconds(5_400)), ("1d", .seconds(86_400)),
        ("0", .zero), ("0s", .zero),
    ])
    func `times have units, or are seconds`(text: String, duration: Duration) throws {
        #expect(try FlagValue.time(text, of: "--stall-timeout") == duration)
    }

    @Test(arguments: ["-1s", "5m", "5 minutes", "0.1ms", "25d", "s", "1e9", "99999999999999999999"])
    func `other times are refused`(text: String) {
        #expect(throws: UsageError.self) { try FlagValue.time(text, of: "--stall-timeout") }
    }

    @Test(arguments: ["0", "257", "-1", "+4", "4.0", "", "x", "99999999999999999999"])
    func `numbers are whole and in range`(text: String) {
        let error = #expect(throws: UsageError.self) {
            try FlagValue.number(text, of: "--jobs", in: 1...256)
        }
        #expect(error?.message == "--jobs: '\(text)' is no whole number from 1 to 256")
    }
}
