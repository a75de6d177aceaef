import Testing
import pgsluice

/// Arguments are read as getopt reads them.
@Suite struct CanonicalArgumentsTests {
    private func canonical(_ arguments: String...) throws -> [String] {
        let flags: [ValueFlag] = [
            .once("--port", short: "p"), .once("--host", short: "h"), .once("--null"),
            .repeated("--map"),
        ]
        return try canonicalArguments(arguments, valueFlags: flags)
    }

    @Test func `short flags take joined values`() throws {
        #expect(try canonical("-p5433", "-h", "/tmp") == ["--port=5433", "--host=/tmp"])
        #expect(try canonical("-h127.0.0.1") == ["--host=127.0.0.1"])
        #expect(try canonical("-h=x") == ["--host==x"])
    }

    @Test func `short flags without values may stand before one with`() throws {
        #expect(try canonical("-qvp5433", "-vv") == ["-q", "-v", "--port=5433", "-v", "-v"])
    }

    @Test func `values may begin with a dash`() throws {
        #expect(try canonical("--null", "-", "-") == ["--null=-", "-"])
        #expect(try canonical("--null", "--") == ["--null=--"])
        #expect(try canonical("--null", "---", "x") == ["--null=---", "x"])
        #expect(try canonical("--null=-p1", "-p1") == ["--null=-p1", "--port=1"])
    }

    @Test func `a value may be empty, or hold what parts names from values`() throws {
        #expect(try canonical("--null=", "x") == ["--null", "", "x"])
        #expect(try canonical("--map", "a=b=c", "--map=d=e") == ["--map=a=b=c", "--map=d=e"])
    }

    @Test func `behind two dashes all are files`() throws {
        #expect(try canonical("-p1", "--", "-p2", "-W") == ["--port=1", "--", "-p2", "-W"])
    }

    @Test func `a flag given twice is named, in whichever form`() {
        #expect(throws: UsageError("--port is given twice")) { try canonical("-p1", "--port=2") }
    }

    @Test func `a value that is missing is named`() {
        #expect(throws: UsageError("--host needs a value")) { try canonical("x", "-vh") }
    }

    @Test(arguments: ["-W", "-qW", "-Wsecret", "--password", "--password=secret"])
    func `a password is refused and not repeated`(argument: String) throws {
        let error = #expect(throws: UsageError.self) { try canonical(argument) }
        #expect(error?.message.contains("PGPASSWORD") == true)
        #expect(error?.message.contains("secret") == false)
    }

    @Test func `unknown flags are left to be refused`() throws {
        #expect(try canonical("--foo=1", "-x") == ["--foo=1", "-x"])
    }
}
