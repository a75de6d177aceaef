import Glibc
import Synchronization

/// Stands between a client and a server, sees every message, and does harm where it is told to.
///
/// Encryption is declined, so that messages can be read.
package final class FaultProxy: Sendable {
    /// On 127.0.0.1.
    package let port: UInt16
    private let shared: Shared
    private let acceptor: SystemThread

    /// Lends one that is closed, with all its connections, afterwards.
    package static func with<Value>(
        _ server: SocketAddress, _ body: (FaultProxy) async throws -> Value
    ) async throws -> Value {
        let proxy = FaultProxy(server)
        defer { proxy.stop() }
        return try await body(proxy)
    }

    private init(_ server: SocketAddress) {
        let socket = SocketAddress.listen()
        precondition(socket != nil, "there is a free port")
        port = SocketAddress.port(of: socket!)
        let shared = Shared(server)
        self.shared = shared
        acceptor = SystemThread { shared.accept(on: socket!) }
    }

    private func stop() {
        shared.end.closeInput()
        acceptor.join()
    }

    // MARK: What the test asks

    /// Begins to count anew, with these faults to come.
    package func arm(_ faults: Fault...) {
        shared.plan.withLock { $0.arm(faults) }
    }

    /// All messages since `arm`.
    package var trace: [WireMessage] { shared.plan.withLock { $0.trace } }

    /// The messages since `arm` at which a fault struck.
    package var struck: [WireMessage] { shared.plan.withLock { $0.struck } }

    /// Cuts every connection that there is now.
    package func cutAll() {
        shared.links.withLock { links in
            for order in links { order.closeInput() }
            links.removeAll()
        }
    }

    /// What its threads share.
    final class Shared: Sendable {
        let server: SocketAddress
        let plan = Mutex(FaultPlan())
        /// Its closing ends everything.
        let end = SystemPipe()
        /// One for each connection: its closing cuts it.
        let links = Mutex<[SystemPipe]>([])

        init(_ server: SocketAddress) {
            self.server = server
        }

        /// Takes connections until the end, and then waits for theirs.
        func accept(on socket: Int32) {
            var threads: [SystemThread] = []
            while isReadable(socket, unless: end.output) {
                let client = Inheritance.preventing { Glibc.accept(socket, nil, nil) }
                guard let client else { continue }
                threads.append(startLink(client, number: threads.count + 1))
            }
            close(socket)
            for thread in threads { thread.join() }
        }

        private func startLink(_ client: Int32, number: Int) -> SystemThread {
            let order = SystemPipe()
            links.withLock { $0.append(order) }
            return SystemThread { [self] in
                var link = ProxyLink(client, number: number, order: order, shared: self)
                link.run()
            }
        }
    }
}

/// Waits until one can be read; false once the other is closed.
private func isReadable(_ descriptor: Int32, unless end: Int32) -> Bool {
    var events = [descriptor, end].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    while poll(&events, 2, -1) < 0 {}
    return events[1].revents == 0
}
