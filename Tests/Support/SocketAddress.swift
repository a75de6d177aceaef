import Glibc

/// Where a server listens on this machine.
package enum SocketAddress: Sendable {
    case port(UInt16)
    case path(String)

    /// A socket that is connected there; nil if nobody listens.
    func connect() -> Int32? {
        switch self {
        case .port(let port): Self.connect(AF_INET, Self.loopback(port))
        case .path(let path): Self.connect(AF_UNIX, Self.unix(path))
        }
    }

    /// A socket that listens on a port of 127.0.0.1; nil if it is taken. 0: any.
    static func listen(on port: UInt16 = 0) -> Int32? {
        let socket = makeSocket(AF_INET)
        var isOn: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
        let code = withSockaddr(loopback(port)) { Glibc.bind(socket, $0, $1) }
        guard code == 0, Glibc.listen(socket, 64) == 0 else {
            close(socket)
            return nil
        }
        return socket
    }

    /// The port that a listening socket was given.
    static func port(of socket: Int32) -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(socket, address, &length)
            }
        }
        precondition(code == 0, "a listening socket has a name")
        return UInt16(bigEndian: address.sin_port)
    }

    /// A port that nobody has, below those that the system hands out: a server that restarts
    /// finds it free again.
    package static func freePort() -> UInt16 {
        while true {
            let port = UInt16.random(in: 20_000..<32_000)
            if let socket = listen(on: port) {
                close(socket)
                return port
            }
        }
    }

    private static func connect(_ family: Int32, _ address: some Any) -> Int32? {
        let socket = makeSocket(family)
        guard withSockaddr(address, { Glibc.connect(socket, $0, $1) }) == 0 else {
            close(socket)
            return nil
        }
        return socket
    }

    private static func makeSocket(_ family: Int32) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        precondition(descriptor >= 0, "a socket can be had")
        return descriptor
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func unix(_ path: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            precondition(path.utf8.count < room.count, "the path of a socket is short")
            room.copyBytes(from: path.utf8)
        }
        return address
    }

    private static func withSockaddr(
        _ address: some Any, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafeBytes(of: address) { bytes in
            // Both kinds begin with the family, as sockaddr does.
            body(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }
}
