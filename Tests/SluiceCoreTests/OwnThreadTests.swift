import Glibc
import SluiceTestSupport
import Synchronization
import Testing

@testable import SluiceCore

@Suite(.timeLimit(.minutes(2)))
struct OwnThreadTests {
    // MARK: Jobs

    @Test func `an actor whose executor it is runs on its thread and on no other`() async throws {
        try await ThreadResident.with { resident in
            let first = await resident.run { _ in pthread_self() }
            #expect(first != pthread_self())
            for _ in 0..<100 {
                #expect(await resident.run { _ in pthread_self() } == first)
                await Task.yield()
            }
            #expect(await resident.run { _ in ProcessState.threadNames.contains("resident") })
        }
    }

    @Test func `a task that prefers it runs on its thread, awaits included`() async throws {
        let thread = try OwnThread(name: "preferred")
        let ids = await withTaskGroup(of: [pthread_t].self) { group in
            group.addTask(executorPreference: thread) {
                var ids = [pthread_self()]
                for _ in 0..<20 {
                    try? await Task.sleep(for: .milliseconds(1))
                    ids.append(pthread_self())
                    await Task.yield()
                    ids.append(pthread_self())
                }
                return ids
            }
            return await group.next() ?? []
        }
        #expect(Set(ids).count == 1 && ids.first != pthread_self())
        await thread.stop()
    }

    @Test func `jobs run in the order in which they came`() async throws {
        let thread = try OwnThread(name: "order")
        let log = Log<Int>()
        let gate = Log<Int>()
        await withTaskGroup { group in
            // The first one holds the thread until all others are in the inbox.
            group.addTask(executorPreference: thread) {
                while gate.isEmpty { usleep(100) }
            }
            for number in 0..<1_000 {
                group.addTask(executorPreference: thread) { log.append(number) }
            }
            gate.append(1)
        }
        #expect(log.all == Array(0..<1_000))
        await thread.stop()
    }

    @Test func `jobs from many threads are each run once, and never two at a time`() async throws {
        try await ThreadResident.with { resident in
            let counter = Unguarded()
            await withTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<2_000 { await resident.run { _ in counter.count += 1 } }
                    }
                }
            }
            #expect(await resident.run { _ in counter.count } == 16_000)
        }
    }

    @Test func `a wrong isolation is noticed`() async throws {
        await #expect(processExitsWith: .failure) {
            let thread = try OwnThread(name: "elsewhere")
            thread.checkIsolated()
        }
    }

    @Test func `the right isolation is known`() async throws {
        try await ThreadResident.with { resident in
            await resident.run { _ in resident.assumeIsolated { _ in } }
        }
    }

    // MARK: Waiting

    @Test func `a descriptor that is ready ends a wait at once`() async throws {
        try await ThreadResident.with { resident in
            await resident.run { thread in
                let pipe = SystemPipe()
                #expect(thread.wait(for: .writable, on: pipe.input, until: nil) == .ready)
                #expect(thread.wait(for: .readableOrWritable, on: pipe.input, until: nil) == .ready)
                pipe.put("x")
                #expect(thread.wait(for: .readable, on: pipe.output, until: nil) == .ready)
                // It says nothing about how much there is: it stays so until it is read.
                #expect(thread.wait(for: .readable, on: pipe.output, until: .now) == .ready)
            }
        }
    }

    @Test func `a descriptor that becomes ready ends a wait`() async throws {
        try await ThreadResident.with { resident in
            let pipe = SystemPipe()
            async let outcome = resident.run { thread in
                thread.wait(for: .readable, on: pipe.output, until: .now + .seconds(10))
            }
            try await Task.sleep(for: .milliseconds(50))
            pipe.put("x")
            #expect(await outcome == .ready)
        }
    }

    @Test(arguments: [POLLHUP, POLLNVAL])
    func `a descriptor that failed is ready: the read will say`(event: Int32) async throws {
        try await ThreadResident.with { resident in
            await resident.run { thread in
                let pipe = SystemPipe()
                pipe.closeInput()
                let descriptor = event == POLLHUP ? pipe.output : 1_000_000
                let time = ContinuousClock().measure {
                    let outcome = thread.wait(
                        for: .readable, on: descriptor, until: .now + .seconds(10))
                    #expect(outcome == .ready)
                }
                #expect(time < .seconds(1))
            }
        }
    }

    @Test func `a wait ends at its deadline, not before and not much later`() async throws {
        try await ThreadResident.with { resident in
            await resident.run { thread in
                let pipe = SystemPipe()
                for descriptor in [pipe.output, -1] {
                    let time = ContinuousClock().measure {
                        let outcome = thread.wait(
                            for: .readable, on: descriptor, until: .now + .milliseconds(60))
                        #expect(outcome == .timedOut)
                    }
                    #expect(time >= .milliseconds(60) && time < .seconds(1))
                }
            }
        }
    }

    @Test func `a deadline in the past still tells what is ready`() async throws {
        try await ThreadResident.with { resident in
            await resident.run { thread in
                let pipe = SystemPipe()
                let past = ContinuousClock.now - .seconds(1)
                #expect(thread.wait(for: .readable, on: pipe.output, until: past) == .timedOut)
                pipe.put("x")
                #expect(thread.wait(for: .readable, on: pipe.output, until: past) == .ready)
                thread.wake()
                #expect(thread.wait(for: .readable, on: -1, until: past) == .woken)
            }
        }
    }

    @Test func `a deadline in a thousand years is no deadline`() async throws {
        try await ThreadResident.with { resident in
            async let outcome = resident.run { thread in
                thread.wait(
                    for: .readable, on: -1, until: .now + .seconds(1_000 * 365 * 86_400))
            }
            try await Task.sleep(for: .milliseconds(20))
            resident.thread.wake()
            #expect(await outcome == .woken)
        }
    }

    @Test func `a sleeping wait uses no processor`() async throws {
        try await ThreadResident.with { resident in
            let used = await resident.run { thread in
                // A job that came meanwhile has rung the bell: it must not keep ringing.
                let before = threadTime()
                _ = thread.wait(for: .readable, on: -1, until: .now + .milliseconds(500))
                return threadTime() - before
            }
            #expect(used < .milliseconds(50))
        }
    }

    // MARK: Waking

    @Test func `a wake that comes before the wait ends it, and only it`() async throws {
        try await ThreadResident.with { resident in
            await resident.run { thread in
                thread.wake()
                thread.wake()
                #expect(thread.wait(for: .readable, on: -1, until: nil) == .woken)
                let soon = ContinuousClock.now + .milliseconds(10)
                #expect(thread.wait(for: .readable, on: -1, until: soon) == .timedOut)
            }
        }
    }

    @Test func `a wake that comes when nobody waits is kept`() async throws {
        try await ThreadResident.with { resident in
            resident.thread.wake()
            // The idle thread has taken the bell's ring by now.
            try await Task.sleep(for: .milliseconds(20))
            #expect(
                await resident.run { $0.wait(for: .readable, on: -1, until: .now + .seconds(10)) }
                    == .woken)
        }
    }

    @Test func `a wake and a ready descriptor are both told, one after the other`() async throws {
        try await ThreadResident.with { resident in
            await resident.run { thread in
                let pipe = SystemPipe()
                pipe.put("x")
                thread.wake()
                let outcomes = (1...3).map { _ in
                    thread.wait(for: .readable, on: pipe.output, until: .now)
                }
                #expect(outcomes == [.woken, .ready, .ready])
            }
        }
    }

    @Test func `a wake ends a wait within milliseconds`() async throws {
        try await ThreadResident.with { resident in
            var slowest = Duration.zero
            for _ in 0..<20 {
                async let ended = resident.run { thread in
                    #expect(thread.wait(for: .readable, on: -1, until: nil) == .woken)
                    return ContinuousClock.now
                }
                try await Task.sleep(for: .milliseconds(5))
                let start = ContinuousClock.now
                resident.thread.wake()
                slowest = max(slowest, await ended - start)
            }
            #expect(slowest < .milliseconds(250))
        }
    }

    @Test func `of wakes from many threads none is lost`() async throws {
        try await ThreadResident.with { resident in
            let asked = Counter()
            let rounds = 500
            await withTaskGroup { group in
                group.addTask {
                    await resident.run { thread in
                        var seen = 0
                        while seen < 4 * rounds {
                            let outcome = thread.wait(
                                for: .readable, on: -1, until: .now + .seconds(20))
                            guard outcome == .woken else {
                                Issue.record("a wake was lost after \(seen) of \(4 * rounds)")
                                return
                            }
                            // Wakes may fall together, but what came before one is seen after it.
                            seen = asked.count
                        }
                    }
                }
                for _ in 0..<4 {
                    group.addTask {
                        for round in 0..<rounds {
                            asked.increment()
                            resident.thread.wake()
                            if round % 7 == 0 { await Task.yield() }
                        }
                    }
                }
            }
        }
    }

    @Test func `jobs that come while it waits do not end the wait, and run after it`() async throws
    {
        try await ThreadResident.with { resident in
            let log = Log<String>()
            await withTaskGroup { group in
                group.addTask {
                    await resident.run { thread in
                        log.append("waits")
                        let outcome = thread.wait(
                            for: .readable, on: -1, until: .now + .milliseconds(200))
                        log.append("\(outcome)")
                    }
                }
                while log.isEmpty { await Task.yield() }
                for _ in 0..<50 { group.addTask { await resident.run { _ in log.append("job") } } }
            }
            let late = Array(repeating: "job", count: 50)
            #expect(log.all == ["waits", "timedOut"] + late)
        }
    }

    @Test func `a signal does not end a wait`() async throws {
        ignoreInterrupts()
        try await ThreadResident.with { resident in
            let id = await resident.run { _ in pthread_self() }
            async let time = resident.run { thread in
                ContinuousClock().measure {
                    let outcome = thread.wait(
                        for: .readable, on: -1, until: .now + .milliseconds(200))
                    #expect(outcome == .timedOut)
                }
            }
            for _ in 0..<10 {
                try await Task.sleep(for: .milliseconds(10))
                pthread_kill(id, SIGUSR1)
            }
            #expect(await time >= .milliseconds(200))
        }
    }

    @Test func `a wait elsewhere than on the thread traps`() async throws {
        await #expect(processExitsWith: .failure) {
            let thread = try OwnThread(name: "elsewhere")
            _ = thread.wait(for: .readable, on: -1, until: .now)
        }
    }

    @Test func `a job for a thread that has ended traps`() async throws {
        await #expect(processExitsWith: .failure) {
            let thread = try OwnThread(name: "ended")
            await thread.stop()
            await withTaskGroup { group in group.addTask(executorPreference: thread) {} }
        }
    }

    // MARK: End

    @Test func `stop runs the jobs that are there, and then ends the thread`() async throws {
        let log = Log<Int>()
        let thread = try OwnThread(name: "stopping")
        await withTaskGroup { group in
            for number in 0..<100 {
                group.addTask(executorPreference: thread) { log.append(number) }
            }
            group.addTask { await thread.stop() }
            // stop() itself is no job of the thread's.
        }
        #expect(log.all.count == 100)
        #expect(await becomesTrue { !ProcessState.threadNames.contains("stopping") })
    }

    @Test func `stop may be called twice, and by several at once`() async throws {
        let thread = try OwnThread(name: "stopping")
        await withTaskGroup { group in
            for _ in 0..<20 { group.addTask { await thread.stop() } }
        }
        await thread.stop()
        thread.wake()
    }

    @Test func `threads come and go without leaving anything behind`() async throws {
        let before = ProcessState.threadNames.count { $0 == "ephemeral" }
        let descriptors = ProcessState.now.descriptors
        for _ in 0..<200 {
            let thread = try OwnThread(name: "ephemeral")
            await withTaskGroup { group in
                group.addTask(executorPreference: thread) { await Task.yield() }
            }
            await thread.stop()
        }
        #expect(
            await becomesTrue {
                ProcessState.threadNames.count { $0 == "ephemeral" } == before
                    // Other tests run beside this one.
                    && ProcessState.now.descriptors < descriptors + 100
            })
    }

    @Test func `a long name is cut, not refused`() async throws {
        let thread = try OwnThread(name: "a name that is far too long for a thread")
        #expect(await becomesTrue { ProcessState.threadNames.contains("a name that is ") })
        await thread.stop()
    }
}

/// The processor time that the calling thread has used.
private func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

/// What only one thread may touch; ThreadSanitizer looks whether that is so.
private final class Unguarded: @unchecked Sendable {
    var count = 0
}
