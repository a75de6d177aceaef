import SluiceTestSupport
import Testing

/// What the ring relies on, and no document promises.
@Suite(.timeLimit(.minutes(1)))
struct AsyncStreamTests {
    private func makeStream(
        _ policy: AsyncStream<Int>.Continuation.BufferingPolicy = .unbounded
    ) -> (stream: AsyncStream<Int>, continuation: AsyncStream<Int>.Continuation) {
        AsyncStream.makeStream(bufferingPolicy: policy)
    }

    @Test(arguments: [1, 2, 4, 8])
    func `several consumers get each element once`(consumers: Int) async {
        let (stream, continuation) = makeStream()
        let count = 20_000
        let sums = await withTaskGroup(of: (count: Int, sum: Int).self) { group in
            for _ in 0..<consumers {
                group.addTask {
                    var (seen, sum, last) = (0, 0, -1)
                    for await number in stream {
                        #expect(number > last, "each consumer sees them in order")
                        (seen, sum, last) = (seen + 1, sum + number, number)
                    }
                    return (seen, sum)
                }
            }
            for number in 0..<count {
                continuation.yield(number)
                if number % 100 == 0 { await Task.yield() }
            }
            continuation.finish()
            return await group.reduce(into: (0, 0)) { total, part in
                total = (total.0 + part.count, total.1 + part.sum)
            }
        }
        #expect(sums == (count, count * (count - 1) / 2))
    }

    @Test func `a full bufferingOldest drops the new element`() async {
        let (stream, continuation) = makeStream(.bufferingOldest(2))
        guard case .enqueued(remaining: 1) = continuation.yield(1),
            case .enqueued(remaining: 0) = continuation.yield(2),
            case .dropped(3) = continuation.yield(3)
        else {
            Issue.record("another answer")
            return
        }
        continuation.finish()
        #expect(await stream.reduce(into: []) { $0.append($1) } == [1, 2])
    }

    @Test func `a cancelled consumer finishes the stream for all who wait`() async {
        let (stream, continuation) = makeStream(.bufferingOldest(2))
        let ends = (0..<3).map { _ in Flag() }
        await withTaskGroup { group in
            for end in ends {
                group.addTask {
                    for await _ in stream {}
                    end.raise()
                }
            }
            let victim = Task {
                for await _ in stream {}
            }
            try? await Task.sleep(for: .milliseconds(50))
            #expect(ends.allSatisfy { !$0.isRaised })
            victim.cancel()
        }
        #expect(ends.allSatisfy { $0.isRaised })
        guard case .terminated = continuation.yield(1) else {
            Issue.record("the stream lives on")
            return
        }
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next() == nil)
    }

    @Test func `what is buffered comes after a cancellation, too`() async {
        let (stream, continuation) = makeStream(.bufferingOldest(4))
        for number in 1...3 { continuation.yield(number) }
        let seen = await withTaskGroup(of: [Int].self) { group in
            group.cancelAll()
            group.addTask {
                var seen: [Int] = []
                for await number in stream { seen.append(number) }
                return seen
            }
            return await group.next() ?? []
        }
        #expect(seen == [1, 2, 3])
        guard case .terminated = continuation.yield(4) else {
            Issue.record("the stream lives on")
            return
        }
    }

    @Test func `what is buffered comes after the end, too`() async {
        let (stream, continuation) = makeStream(.bufferingOldest(4))
        continuation.yield(1)
        continuation.finish()
        guard case .terminated = continuation.yield(2) else {
            Issue.record("the stream lives on")
            return
        }
        #expect(await stream.reduce(into: []) { $0.append($1) } == [1])
    }

    @Test func `to leave a loop does not end the stream`() async {
        let (stream, continuation) = makeStream(.bufferingOldest(4))
        for number in 1...3 { continuation.yield(number) }
        for wanted in 1...3 {
            for await number in stream {
                #expect(number == wanted)
                break
            }
        }
        guard case .enqueued = continuation.yield(4) else {
            Issue.record("the stream has ended")
            return
        }
    }
}
