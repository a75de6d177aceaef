import Glibc
import SluiceTestSupport
import Testing

@testable import SluicePostgres

/// Against a backend that is stopped, as one that hangs would be.
extension ServerTests {
    @Suite struct Hanging {
        @Test func `a slow server makes the client wait, not grow`() async throws {
            try await withConnection { connection in
                _ = try connection.query("CREATE TEMP TABLE t (a text)")
                _ = try connection.beginCopy("BEGIN; COPY t FROM STDIN")
                let rows = String(repeating: String(repeating: "x", count: 1023) + "\n", count: 256)
                try connection.put(rows)
                try resetPeakMemory()
                let before = try peakMemory()
                let backend = Backend(of: connection)
                backend.stop()
                async let waking: Void = backend.wake(after: .milliseconds(700))
                let time = try ContinuousClock().measure {
                    for _ in 0..<255 { try connection.put(rows) }
                }
                try await waking
                #expect(time > .milliseconds(500), "the server was to be slow")
                let grown = try peakMemory() - before
                #expect(grown < 24 << 20 || TestSettings.isSanitized)
                #expect(try connection.finishCopy() == 65_536)
            }
        }

        @Test func `an interrupt ends a blocked put, and no backend stays behind`() async throws {
            let backend = try await withConnection { connection in
                let backend = try stopInCopy(connection)
                try await interrupting(connection, after: .milliseconds(200)) {
                    let error = try await failure { try putForEver(on: connection) }
                    #expect(error == .cancelled)
                }
                let time = ContinuousClock().measure { connection.rollback() }
                #expect(time < .milliseconds(1500))
                #expect(connection.isUsable == false)
                return backend
            }
            try await backend.wake(after: .zero)
            #expect(try await eventually { try await !hasBackend(backend.pid) })
        }

        @Test func `a server that takes nothing is stalled`() async throws {
            let backend = try await withConnection(stallTimeout: .milliseconds(300)) { connection in
                let backend = try stopInCopy(connection)
                let error = try await failure { try putForEver(on: connection) }
                #expect(error == .stalled(after: .milliseconds(300)))
                connection.rollback()
                return backend
            }
            try await backend.wake(after: .zero)
            #expect(try await eventually { try await !hasBackend(backend.pid) })
        }

        @Test func `a server that only wakes late loses no row`() async throws {
            try await withConnection(stallTimeout: .milliseconds(800)) { connection in
                let backend = try stopInCopy(connection)
                async let waking: Void = backend.wake(after: .milliseconds(400))
                for _ in 0..<16 { try connection.put(String(repeating: "1\n", count: 1 << 19)) }
                try await waking
                #expect(try connection.finishCopy() == 8 << 20)
            }
        }

        @Test func `a COMMIT without an answer is uncertain`() async throws {
            let backend = try await withConnection(stallTimeout: .milliseconds(200)) { connection in
                _ = try connection.query("BEGIN; CREATE TEMP TABLE t (a int)")
                let backend = Backend(of: connection)
                backend.stop()
                let error = try await failure { try connection.commit() }
                #expect(error == .commitUncertain(.stalled(after: .milliseconds(200))))
                connection.rollback()
                #expect(connection.isUsable == false)
                return backend
            }
            try await backend.wake(after: .zero)
            #expect(try await eventually { try await !hasBackend(backend.pid) })
        }

        @Test func `an interrupt leaves a COMMIT that is sent half a second`() async throws {
            try await withConnection { connection in
                _ = try connection.query("BEGIN; CREATE TEMP TABLE t (a int)")
                let backend = Backend(of: connection)
                backend.stop()
                async let waking: Void = backend.wake(after: .milliseconds(300))
                try await interrupting(connection, after: .milliseconds(100)) {
                    try connection.commit()
                }
                try await waking
                #expect(connection.isReusable == true)
            }
        }
    }
}

/// A server process, which the tests may stop as they run as its owner or as root.
private struct Backend: Sendable {
    let pid: Int32

    init(of connection: isolated Connection) {
        pid = connection.backendPID
    }

    func stop() {
        #expect(kill(pid, SIGSTOP) == 0)
    }

    func wake(after duration: Duration) async throws {
        try await Task.sleep(for: duration)
        #expect(kill(pid, SIGCONT) == 0)
    }
}

private func stopInCopy(_ connection: isolated Connection) throws -> Backend {
    _ = try connection.beginCopy("CREATE TEMP TABLE t (a int); COPY t FROM STDIN")
    let backend = Backend(of: connection)
    backend.stop()
    return backend
}

private func putForEver(on connection: isolated Connection) throws {
    let rows = String(repeating: "1\n", count: 1 << 17)
    while true { try connection.put(rows) }
}

/// Lets VmHWM begin anew, so that it tells what comes now.
private func resetPeakMemory() throws {
    let file = try #require(fopen("/proc/self/clear_refs", "w"))
    fputs("5", file)
    try #require(fclose(file) == 0)
}

/// VmHWM, in bytes.
private func peakMemory() throws -> Int {
    let file = try #require(fopen("/proc/self/status", "r"))
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
        let words = line.withUnsafeBufferPointer { line in
            String(cString: line.baseAddress!).split(whereSeparator: \.isWhitespace)
        }
        if words.first == "VmHWM:" { return try #require(Int(words[1])) << 10 }
    }
    throw NothingThrown()
}
