package import SluiceCore
import Synchronization

/// One connection to the server, on a thread of its own.
///
/// Its methods wait for the server where they stand, on that thread, so that nothing comes between
/// two steps of one session; a caller that is isolated to it (`isolated Connection`) hops once.
/// Everybody who makes one must `close()` it.
///
/// Work ends with `cancelled` once `interrupt()` is called, and with `stalled` when the server
/// neither takes nor sends a byte for `stallTimeout`. Clean-up, `rollback()` and `close()`, heeds
/// neither and takes half a second, or one if the server does not answer.
package actor Connection {
    /// How long the server has to answer a clean-up, and to take a cancel request.
    static let cleanUpTimeout = Duration.milliseconds(500)

    package nonisolated let thread: OwnThread
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    let parameters: ConnectionParameters
    private(set) var stallTimeout: Duration?
    let notices: NoticeReceiver
    var handle: PGHandle?
    var cancelRequest: CancelRequest?
    var copy = CopySessionStateMachine()
    /// Kept from COPY to COPY: its pages are touched once.
    private var room: UnsafeMutableRawBufferPointer?
    private let isInterrupted = Atomic(false)
    private let isClosed = Atomic(false)

    /// Makes the thread; `open()` connects.
    ///
    /// `stallTimeout` nil is none. `onNotice` is called on the connection's thread, within
    /// whatever call reads the notice.
    /// - Throws: `connectionFailed` when the system has no thread or descriptor left.
    package init(
        _ parameters: ConnectionParameters, stallTimeout: Duration?,
        onNotice: @escaping @Sendable (ServerDiagnostics) -> Void
    ) throws(PostgresError) {
        do {
            thread = try OwnThread(name: "connection")
        } catch {
            throw .connectionFailed(message: "no thread for a connection: \(error)", sqlState: nil)
        }
        self.parameters = parameters
        self.stallTimeout = stallTimeout
        notices = NoticeReceiver(onNotice)
    }

    deinit {
        precondition(isClosed.load(ordering: .acquiring), "a connection was dropped, not closed")
    }

    // MARK: Interruption

    /// Makes all work throw `cancelled`, what is waiting now included, until `clearInterrupt()`.
    ///
    /// May be called from anywhere.
    package nonisolated func interrupt() {
        isInterrupted.store(true, ordering: .releasing)
        thread.wake()
    }

    /// Lets the connection work again.
    package nonisolated func clearInterrupt() {
        isInterrupted.store(false, ordering: .releasing)
    }

    /// - Throws: `cancelled`.
    func checkInterrupt() throws(PostgresError) {
        guard !isInterrupted.load(ordering: .acquiring) else { throw .cancelled }
    }

    // MARK: Patience

    /// Lets the server be silent for as long as it takes, on this connection.
    package func waitWithoutLimit() {
        stallTimeout = nil
    }

    // MARK: Room

    /// What is put is made here: so many bytes, valid until the next call or the connection's end.
    package func room(_ count: ByteCount) -> UnsafeMutableRawBufferPointer {
        if let room, room.count == count.bytes { return room }
        room?.deallocate()
        let made = UnsafeMutableRawBufferPointer.allocate(byteCount: count.bytes, alignment: 64)
        room = made
        return made
    }

    // MARK: State

    /// Whether the connection stands, as far as is known without a look at the socket.
    package var isUsable: Bool { handle?.isGood == true && copy.state != .broken }

    /// Whether somebody else can have it: it stands, with no transaction open.
    package var isReusable: Bool { isUsable && transactionStatus == .idle }

    /// Whether it is reusable, and the server has said nothing since: an idle session has nothing
    /// to say but that it ends.
    package var isHealthy: Bool {
        guard isReusable, let handle else { return false }
        return !isReadable(handle.socket, within: .zero)
    }

    package var transactionStatus: TransactionStatus { handle?.transactionStatus ?? .unknown }

    /// As 150004 for 15.4; 0 when not open.
    package var serverVersion: Int { handle?.serverVersion ?? 0 }

    /// The server's process; 0 when not open.
    package var backendPID: Int32 { handle?.backendPID ?? 0 }

    /// Whether the server is a standby, as it said last.
    package var isInRecovery: Bool { parameterStatus("in_hot_standby") == "on" }

    /// What the server reports of its own accord: `server_version`, `TimeZone` and so on.
    package func parameterStatus(_ name: String) -> String? { handle?.parameterStatus(name) }

    /// The handle of a connection that stands.
    ///
    /// - Throws: `connectionLost`.
    func usableHandle() throws(PostgresError) -> PGHandle {
        guard let handle, isUsable else {
            throw .connectionLost(message: "the connection is closed")
        }
        return handle
    }

    // MARK: End

    /// Ends connection and thread; a transaction that is open is rolled back by the server.
    ///
    /// To be called when nobody uses it any more, and not from its own thread. A second call does
    /// nothing. The libpq function is `PQfinish`.
    @concurrent
    package nonisolated func close() async {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        await finish()
        await thread.stop()
    }

    private func finish() {
        room?.deallocate()
        room = nil
        copy.connectionLost()
        handle = nil
        cancelRequest = nil
    }
}
