import Foundation
import Testing

/// Takes connections on a port of this machine and never says a word.
final class SilentServer {
    private let descriptor: Int32
    let port: UInt16

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let code = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) | listen(descriptor, 16)
                    | getsockname(descriptor, address, &length)
            }
        }
        try #require(code == 0)
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(descriptor)
    }

    /// Waits until somebody has connected.
    func awaitClient() async throws {
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        for _ in 0..<1_000 where poll(&event, 1, 0) == 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        try #require(event.revents != 0, "nobody connected")
    }
}
