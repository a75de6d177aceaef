import Glibc
import SluiceTestSupport
import Testing

/// The tests' own tools must be right before they judge anything.
@Suite(.timeLimit(.minutes(1)))
struct ChildProcessTests {
    @Test func `outputs, exit code and folder are the program's`() async throws {
        let folder = TemporaryFolder()
        let end = try await ChildProcess.run(
            ["/bin/sh", "-c", "pwd; echo $WORD >&2; exit 7"], in: folder.path,
            environment: ["WORD": "said"])
        #expect(end.status == 7)
        #expect(end.output == folder.path + "\n")
        #expect(end.error == "said\n")
        #expect(!end.isOverdue)
    }

    @Test func `a signal is told from an exit code`() async throws {
        let process = try ChildProcess(["/bin/sleep", "60"])
        process.send(SIGKILL)
        let end = await process.end()
        #expect(end.status == ChildEnd.killed)
    }

    @Test func `what runs too long is killed, and says so`() async throws {
        let end = try await ChildProcess.run(["/bin/sleep", "60"], within: .milliseconds(50))
        #expect(end.isOverdue)
        #expect(end.status == ChildEnd.killed)
    }

    @Test func `a program that is not there fails by its name`() async throws {
        let end = try await ChildProcess.run(["/no/such/program"])
        #expect(end.status == 127)
        #expect(end.error.contains("/no/such/program"))
    }

    @Test func `what a test ignores, its programs do not`() async throws {
        signal(SIGPIPE, SIG_IGN)
        let end = try await ChildProcess.run(["/bin/sh", "-c", "kill -PIPE $$; echo deaf"])
        #expect(end.status == 1000 + SIGPIPE)
        #expect(end.output == "")
    }
}
