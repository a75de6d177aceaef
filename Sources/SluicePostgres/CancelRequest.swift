import CLibpq
import Glibc
import SluiceCore
import Synchronization

/// Asks the server to end the statement that a connection runs.
///
/// Taken while the connection stands and usable for ever after. `PQcancel` connects anew, blocks,
/// and heeds no timeout, so that it has a thread of its own that is never waited for without end.
final class CancelRequest: Sendable {
    // PQcancel only reads it, and is made to be called from any thread.
    nonisolated(unsafe) private let cancel: OpaquePointer
    private let isSent = Atomic(false)

    /// Takes over what `PQgetCancel` answered.
    init(_ cancel: OpaquePointer) {
        self.cancel = cancel
    }

    deinit {
        PQfreeCancel(cancel)
    }

    /// Sends the request, and waits until the server has taken it or `deadline` has passed.
    ///
    /// Must be called on `thread`. The libpq function is `PQcancel`.
    func send(waitingOn thread: OwnThread, until deadline: ContinuousClock.Instant) {
        isSent.store(false, ordering: .releasing)
        guard startSending(thenWaking: thread) else { return }
        while !isSent.load(ordering: .acquiring) {
            if thread.wait(for: .readable, on: -1, until: deadline) == .timedOut { return }
        }
    }

    /// Answers false when there is no thread to be had.
    private func startSending(thenWaking thread: OwnThread) -> Bool {
        let sending = Unmanaged.passRetained(Sending(request: self, waiting: thread))
        var sender = pthread_t()
        let code = pthread_create(
            &sender, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Sending>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, sending.toOpaque())
        guard code == 0 else {
            sending.release()
            return false
        }
        pthread_detach(sender)
        return true
    }

    private func send() {
        var message = [CChar](repeating: 0, count: 256)
        // A server that cannot be asked is a connection to be given up, which follows anyway.
        _ = PQcancel(cancel, &message, Int32(message.count))
        isSent.store(true, ordering: .releasing)
    }

    private final class Sending: Sendable {
        let request: CancelRequest
        let waiting: OwnThread

        init(request: CancelRequest, waiting: OwnThread) {
            self.request = request
            self.waiting = waiting
        }

        func run() {
            request.send()
            waiting.wake()
        }
    }
}
