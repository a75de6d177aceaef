import Glibc

/// How much the seeded tests do, from the environment.
package enum TestSettings {
    /// `PGSLUICE_TEST_SEED`, else one that is always the same.
    package static let seed = number("PGSLUICE_TEST_SEED").map(UInt64.init) ?? 20_261_122

    /// `PGSLUICE_FUZZ_FILES`, else few enough for every day.
    package static let files = number("PGSLUICE_FUZZ_FILES") ?? 60

    package static let propertyRounds = files * 500

    /// `PGSLUICE_TORTURE_ROUNDS`, else few enough for every day.
    package static let tortureRounds = number("PGSLUICE_TORTURE_ROUNDS") ?? 3

    /// Of what takes seconds: restarts of servers, and waits for a timeout.
    package static let slowRounds = max(1, tortureRounds / 4)

    /// `PGSLUICE_TEST_SANITIZER`: all is slow then, and memory more.
    package static let isSanitized = getenv("PGSLUICE_TEST_SANITIZER") != nil

    /// How soon an import ends that is cancelled.
    package static let cancellationLimit = Duration.seconds(isSanitized ? 10 : 2)

    private static func number(_ name: String) -> Int? {
        getenv(name).flatMap { Int(String(cString: $0)) }
    }
}

extension [UInt8] {
    /// For a message: printable, and every byte told.
    package var escaped: String {
        map { byte in
            switch byte {
            case 0x20..<0x7F where byte != UInt8(ascii: "\\"): String(UnicodeScalar(byte))
            default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }.joined()
    }
}
