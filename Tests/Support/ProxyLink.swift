import Glibc
import Synchronization

/// One client of a proxy, and its session with the server; lives on a thread of its own.
struct ProxyLink {
    private let number: Int
    private let order: SystemPipe
    private let shared: FaultProxy.Shared
    /// -1 once closed, as are both in the end.
    private var client: Int32
    private var server: Int32
    private var toServer = ProxyStream(direction: .toServer)
    private var toClient = ProxyStream(direction: .toClient)
    private var isStalled = false

    init(_ client: Int32, number: Int, order: SystemPipe, shared: FaultProxy.Shared) {
        self.number = number
        self.order = order
        self.shared = shared
        self.client = client
        server = shared.server.connect() ?? -1
        for descriptor in [client, server] where descriptor >= 0 {
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        }
    }

    mutating func run() {
        if server < 0 { closeBoth() }
        while client >= 0 || server >= 0 { takeTurn() }
    }

    private mutating func takeTurn() {
        var events = [
            pollfd(fd: order.output, events: 0, revents: 0),
            pollfd(fd: shared.end.output, events: 0, revents: 0),
            pollfd(fd: client, events: interest(toServer, toClient), revents: 0),
            pollfd(fd: server, events: interest(toClient, toServer), revents: 0),
        ]
        guard poll(&events, 4, -1) >= 0 else { return }
        if events[0].revents | events[1].revents != 0 {
            closeBoth()
        } else if isStalled {
            if events[2].revents != 0 { close(&client) }
            if events[3].revents != 0 { close(&server) }
        } else {
            pump(client: events[2].revents, server: events[3].revents)
        }
    }

    /// Who is stalled is only asked whether it is still there.
    private func interest(_ source: ProxyStream, _ sink: ProxyStream) -> Int16 {
        if isStalled { return ProxyStream.hungUp }
        return (source.hasRoom ? Int16(POLLIN) : 0) | (sink.isEmpty ? 0 : Int16(POLLOUT))
    }

    private mutating func pump(client clientEvents: Int16, server serverEvents: Int16) {
        let isReading = ~Int16(POLLOUT)
        var isOpen = true
        if clientEvents & isReading != 0 { isOpen = toServer.read(client) }
        if serverEvents & isReading != 0 { isOpen = toClient.read(server) && isOpen }
        judgeAll()
        guard client >= 0, !isStalled else { return }
        isOpen = toServer.write(server) && toClient.write(client) && isOpen
        if !isOpen { flushAndClose() }
    }

    // MARK: Messages

    private mutating func judgeAll() {
        while client >= 0, !isStalled, let found = toServer.next() { judge(found, \.toServer) }
        while client >= 0, !isStalled, let found = toClient.next() { judge(found, \.toClient) }
    }

    private mutating func judge(
        _ found: MessageFramer.Found, _ stream: WritableKeyPath<ProxyLink, ProxyStream>
    ) {
        guard case .message(let kind, let length) = found else {
            self[keyPath: stream].drop(8)
            toClient.append([UInt8(ascii: "N")])
            return
        }
        let message = WireMessage(
            connection: number, direction: self[keyPath: stream].direction, kind: kind,
            bytes: self[keyPath: stream].received.prefix(length))
        let fault = shared.plan.withLock { $0.judge(message) }
        if case .delay(let duration)? = fault?.action, fault?.moment == .within {
            return passInTwoParts(length, stream, duration)
        }
        self[keyPath: stream].pass(length, only: fault.map { $0.passing(length) } ?? length)
        if let fault { strike(fault) }
    }

    private mutating func passInTwoParts(
        _ length: Int, _ stream: WritableKeyPath<ProxyLink, ProxyStream>, _ pause: Duration
    ) {
        let half = length / 2
        self[keyPath: stream].pass(half, only: half)
        toServer.flush(server)
        toClient.flush(client)
        wait(pause)
        self[keyPath: stream].pass(length - half, only: length - half)
    }

    private mutating func strike(_ fault: Fault) {
        switch fault.action {
        case .cut: flushAndClose()
        case .reset: reset()
        case .stall(let keepsServer): stall(keepsServer: keepsServer)
        case .delay(let duration): wait(duration)
        }
    }

    // MARK: Faults

    /// What has passed the proxy is to arrive.
    private mutating func flushAndClose() {
        toServer.flush(server)
        toClient.flush(client)
        closeBoth()
    }

    private mutating func reset() {
        var lingering = linger(l_onoff: 1, l_linger: 0)
        for descriptor in [client, server] {
            setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &lingering,
                socklen_t(MemoryLayout<linger>.size))
        }
        closeBoth()
    }

    private mutating func stall(keepsServer: Bool) {
        toServer.flush(server)
        toClient.flush(client)
        isStalled = true
        if !keepsServer { close(&server) }
    }

    private func wait(_ duration: Duration) {
        var ends = [order.output, shared.end.output].map { pollfd(fd: $0, events: 0, revents: 0) }
        poll(&ends, 2, Int32(duration / .milliseconds(1)))
    }

    // MARK: Ends

    private mutating func closeBoth() {
        close(&client)
        close(&server)
    }

    private func close(_ descriptor: inout Int32) {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

/// The bytes that go one way.
struct ProxyStream {
    /// POLLRDHUP, which Swift's Glibc does not have.
    static let hungUp: Int16 = 0x2000
    private static let flushMilliseconds: Int32 = 2_000
    private static let roomLimit = 1 << 20

    let direction: WireMessage.Direction
    private(set) var received: [UInt8] = []
    private var outgoing: [UInt8] = []
    private var framer: MessageFramer

    init(direction: WireMessage.Direction) {
        self.direction = direction
        framer = MessageFramer(isTyped: direction == .toClient)
    }

    var isEmpty: Bool { outgoing.isEmpty }
    var hasRoom: Bool { outgoing.count < Self.roomLimit }

    mutating func next() -> MessageFramer.Found? { framer.next(in: received) }

    mutating func drop(_ count: Int) { received.removeFirst(count) }

    mutating func append(_ bytes: [UInt8]) { outgoing += bytes }

    /// Sends `part` bytes of the first message on, and forgets the rest.
    mutating func pass(_ length: Int, only part: Int) {
        outgoing += received[..<part]
        received.removeFirst(length)
    }

    /// False once there is nothing more to come.
    mutating func read(_ descriptor: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        if count > 0 { received += bytes[..<count] }
        return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
    }

    /// False once nobody takes it.
    mutating func write(_ descriptor: Int32) -> Bool {
        guard !outgoing.isEmpty else { return true }
        let count = send(descriptor, outgoing, outgoing.count, Int32(MSG_NOSIGNAL))
        if count > 0 { outgoing.removeFirst(count) }
        return count >= 0 || errno == EAGAIN || errno == EINTR
    }

    /// Writes all of it, as far as somebody takes it within bounded time.
    mutating func flush(_ descriptor: Int32) {
        var event = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while descriptor >= 0, !isEmpty, poll(&event, 1, Self.flushMilliseconds) == 1,
            write(descriptor)
        {}
    }
}

extension Fault {
    /// How many bytes of a message still pass.
    fileprivate func passing(_ length: Int) -> Int {
        switch (action, moment) {
        case (.delay, _), (_, .after): length
        case (_, .within): length / 2
        case (_, .before): 0
        }
    }
}
