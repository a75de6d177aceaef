import Dispatch
import Glibc

/// Watches for SIGINT, SIGTERM and SIGHUP as long as it lives; for SIGHUP not under nohup.
struct SignalWatch: ~Copyable {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter onFirst: called with the first signal, on a queue of the watch's own.
    init(_ interruption: Interruption, onFirst: @escaping @Sendable (Int32) -> Void) {
        let heard = [SIGINT, SIGTERM] + (Self.isIgnored(SIGHUP) ? [] : [SIGHUP])
        let queue = DispatchQueue(label: "pgsluice.signals")
        sources = heard.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                guard interruption.received(number) else { return }
                // The kernel serves the second, whatever state this process is in.
                for number in heard { signal(number, SIG_DFL) }
                onFirst(number)
            }
            source.activate()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
    }

    /// Whether the process was started deaf to the signal, as nohup starts it.
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        // Functions can't be compared; SIG_IGN is none, but a number.
        let handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
        return handler == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
