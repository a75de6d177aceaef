import Glibc

/// The server that scripts/with-server.sh makes; PG* variables say where it is.
package enum PrivateServer {
    /// Where its files are.
    package static let folder = environment("PGSLUICE_TEST_SERVER_DIR")

    /// Whether the tests that need it are to run. In CI nothing may be skipped: there they run
    /// and fail.
    package static let isWanted: Bool = {
        let isWanted = folder != nil || environment("CI") == "true"
        if !isWanted {
            let text = "\n*** NO SERVER: TESTS ARE SKIPPED. RUN THEM BY scripts/with-server.sh\n\n"
            _ = write(STDERR_FILENO, text, text.utf8.count)
        }
        return isWanted
    }()

    package static var port: UInt16 {
        get throws {
            let port = environment("PGSLUICE_TEST_TCP_PORT").flatMap { UInt16($0) }
            guard let port else { throw ServerPrograms.Missing() }
            return port
        }
    }

    package static var address: SocketAddress {
        get throws { .port(try port) }
    }

    package static var socket: SocketAddress {
        get throws {
            guard let folder else { throw ServerPrograms.Missing() }
            return .path("\(folder)/.s.PGSQL.\(try port)")
        }
    }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
