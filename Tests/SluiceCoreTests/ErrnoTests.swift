import Glibc
import SluiceTestSupport
import Testing

@testable import SluiceCore

@Suite(.timeLimit(.minutes(1)))
struct ErrnoTests {
    @Test func `a call that is interrupted is made again`() throws {
        var calls = 0
        let result = try retryingOnInterrupt { () -> Int in
            calls += 1
            errno = EINTR
            return calls < 4 ? -1 : 7
        }
        #expect(result == 7 && calls == 4)
    }

    @Test func `any other failure is thrown, at once`() {
        for code in [EAGAIN, ENOENT, EBADF, EIO] {
            var calls = 0
            let failure = #expect(throws: Errno.self) {
                try retryingOnInterrupt { () -> Int32 in
                    calls += 1
                    errno = code
                    return -1
                }
            }
            #expect(failure == Errno(code: code) && calls == 1)
        }
    }

    @Test func `only -1 is a failure`() throws {
        errno = EIO
        #expect(try retryingOnInterrupt { Int32(0) } == 0)
        #expect(try retryingOnInterrupt { -2 } == -2)
    }

    @Test func `a read that signals interrupt comes to its end`() async throws {
        ignoreInterrupts()
        let pipe = SystemPipe()
        try await ThreadResident.with { resident in
            let id = await resident.run { _ in pthread_self() }
            async let count = resident.run { _ in
                try retryingOnInterrupt {
                    var byte: UInt8 = 0
                    return read(pipe.output, &byte, 1)
                }
            }
            for _ in 0..<10 {
                try await Task.sleep(for: .milliseconds(5))
                pthread_kill(id, SIGUSR1)
            }
            pipe.put("x")
            #expect(try await count == 1)
        }
    }

    @Test func `an error says what the system says`() {
        #expect("\(Errno(code: ENOENT))" == "No such file or directory")
        #expect("\(Errno(code: 12_345))".contains("12345"))
    }
}
