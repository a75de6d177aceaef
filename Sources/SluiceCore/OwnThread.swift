import CSluiceSystem
import Glibc
import Synchronization

/// An operating system thread that runs the jobs of one task or one actor, and that may wait.
///
/// The cooperative pool has as many threads as there are processors and none of them may block;
/// what blocks (the source, libpq's socket) or computes for long (encoding) runs on an
/// `OwnThread`. A job waits in `wait(for:on:until:)`, and only there.
///
/// The thread starts with the object and ends with `stop()`, which every owner must call.
package final class OwnThread: SerialExecutor, TaskExecutor {
    /// What ended a wait.
    package enum WaitOutcome: Sendable {
        /// The descriptor is ready, or has failed: a read or write will say which.
        case ready
        /// `wake()` was called: look whether the task is cancelled.
        case woken
        case timedOut
    }

    package enum Event: Sendable {
        case readable, writable, readableOrWritable

        fileprivate var pollEvents: Int16 {
            switch self {
            case .readable: Int16(POLLIN)
            case .writable: Int16(POLLOUT)
            case .readableOrWritable: Int16(POLLIN | POLLOUT)
            }
        }
    }

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var isWoken = false
        var isStopping = false
        var hasEnded = false
        var stopWaiters: [CheckedContinuation<Void, Never>] = []
        var thread: pthread_t?
    }

    private let inbox = Mutex(Inbox())
    private let bell: Int32

    /// - Throws: `Errno` when the system has no descriptor or no thread left.
    package init(name: String) throws(Errno) {
        bell = try retryingOnInterrupt { sluice_eventfd() }
        let unmanaged = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                Unmanaged<OwnThread>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, unmanaged.toOpaque())
        guard code == 0 else {
            unmanaged.release()
            throw Errno(code: code)
        }
        sluice_name_thread(thread, name)
        pthread_detach(thread)
    }

    deinit {
        close(bell)
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // The runtime lends its executor. Once the job is in the inbox it may run, and whoever
        // owns this may stop and drop it, before the bell is rung.
        let kept = Unmanaged.passRetained(self)
        defer { kept.release() }
        inbox.withLock { inbox in
            precondition(!inbox.hasEnded, "a job for a thread that has ended")
            inbox.jobs.append(job)
        }
        ring()
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    package func checkIsolated() {
        precondition(isCurrent, "this must run on its own thread")
    }

    private var isCurrent: Bool {
        inbox.withLock { $0.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    private func run() {
        inbox.withLock { $0.thread = pthread_self() }
        while let jobs = nextJobs() {
            for job in jobs {
                job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(),
                    taskExecutor: asUnownedTaskExecutor())
            }
        }
    }

    /// Waits for jobs; `nil` ends the thread.
    private func nextJobs() -> [UnownedJob]? {
        while true {
            let jobs = inbox.withLock { inbox in
                defer { inbox.jobs.removeAll() }
                return inbox.jobs
            }
            if !jobs.isEmpty { return jobs }
            if endIfStopping() { return nil }
            _ = pollBell(and: -1, events: 0, milliseconds: -1)
        }
    }

    private func endIfStopping() -> Bool {
        let (ends, waiters) = inbox.withLock { inbox in
            inbox.hasEnded = inbox.isStopping && inbox.jobs.isEmpty
            return (inbox.hasEnded, inbox.hasEnded ? inbox.stopWaiters : [])
        }
        for waiter in waiters { waiter.resume() }
        return ends
    }

    // MARK: Waiting

    /// Waits until `descriptor` is ready, `wake()` is called or `deadline` has passed.
    ///
    /// Must be called by a job on this thread. A negative descriptor is never ready, so that
    /// this sleeps. `deadline` nil is none.
    package func wait(
        for event: Event, on descriptor: Int32, until deadline: ContinuousClock.Instant?
    ) -> WaitOutcome {
        checkIsolated()
        while true {
            if takeWake() { return .woken }
            let isReady = pollBell(
                and: descriptor, events: event.pollEvents, milliseconds: milliseconds(to: deadline))
            if isReady { return .ready }
            if let deadline, deadline <= .now { return takeWake() ? .woken : .timedOut }
        }
    }

    /// Ends the present wait, or else the next one, with `.woken`. May be called from anywhere.
    package func wake() {
        inbox.withLock { $0.isWoken = true }
        ring()
    }

    private func takeWake() -> Bool {
        inbox.withLock { inbox in
            defer { inbox.isWoken = false }
            return inbox.isWoken
        }
    }

    private func ring() {
        var one: UInt64 = 1
        // Only a counter at its maximum can refuse, and then the bell rings anyway.
        _ = write(bell, &one, MemoryLayout<UInt64>.size)
    }

    /// One `poll(2)`; answers whether `descriptor` is ready.
    private func pollBell(and descriptor: Int32, events: Int16, milliseconds: Int32) -> Bool {
        var polled = [
            pollfd(fd: bell, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: events, revents: 0),
        ]
        guard poll(&polled, 2, milliseconds) > 0 else { return false }
        if polled[0].revents != 0 {
            var count: UInt64 = 0
            _ = read(bell, &count, MemoryLayout<UInt64>.size)
        }
        return polled[1].revents != 0
    }

    /// Rounded up, so that a wait does not spin through its last millisecond.
    private func milliseconds(to deadline: ContinuousClock.Instant?) -> Int32 {
        guard let deadline else { return -1 }
        let left = max(.zero, deadline - .now) / .milliseconds(1)
        return Int32(min(left.rounded(.up), Double(Int32.max)))
    }

    // MARK: End

    /// Ends the thread once its jobs have run, and waits for that.
    ///
    /// To be called when no job is running on it any more, so the wait is short, and not by a job
    /// on it. May be called more than once.
    package func stop() async {
        await withCheckedContinuation { continuation in
            let hasEnded = inbox.withLock { inbox in
                inbox.isStopping = true
                if !inbox.hasEnded { inbox.stopWaiters.append(continuation) }
                return inbox.hasEnded
            }
            if hasEnded { continuation.resume() }
            ring()
        }
    }
}
