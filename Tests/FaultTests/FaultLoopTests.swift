import SluiceTestSupport
import Testing

/// The first thing fails, then the second, then the third, until a run meets no fault.
@Suite(.serialized, .timeLimit(.minutes(20)), .server, .needs("--resume", "--rejects"))
struct FaultLoopTests {
    private static let flags = ["--resume", "--on-error", "reject", "--rejects", "bad.csv"]

    /// What the shell's `ulimit -f` counts by, POSIX says.
    private static let blockBytes = 512

    /// Each batch's part and log, and at last the files that they are merged into, are written up to
    /// a length that grows from run to run.
    @Test func `a reject file that can't be written on, at every length`() async throws {
        try await Trial.with(records: 200, badIn: 3) { trial in
            // The report is written, too, and is longer than the first ones.
            for blocks in 4... {
                let round = try await trial.round(blocks, pause: .zero)
                let end = try await limited(round, blocks: blocks)
                if end.status == 3 {
                    return try await round.expectComplete([end], rejects: "bad.csv")
                }
                let note = "no file may be longer than \(blocks * Self.blockBytes) bytes"
                try await round.expectHonest(end, statuses: [73, 74], note)
                let rest = try await round.run(Self.flags)
                try await round.expectComplete([end, rest], rejects: "bad.csv", note)
            }
        }
    }

    private func limited(_ round: Round, blocks: Int) async throws -> ImportEnd {
        let script = "ulimit -f \(blocks) && exec \"$@\""
        let command = ["/bin/sh", "-c", script, "sh"] + round.command(Self.flags)
        return await RunningImport(try ChildProcess(command, in: round.folder)).end()
    }
}
