import ArgumentParser
import Sluice
import SluiceCore

struct LoadFlags: ParsableArguments {
    static let valueFlags: [ValueFlag] = [
        .once("--jobs", short: "j"), .once("--batch-bytes"), .once("--lock-timeout"),
        .once("--stall-timeout"), .once("--on-error"),
    ]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            """
            Connections that load side by side, 1 to 256 (default: 2 to 4 by processors, at most \
            a quarter of those that the server has left).
            """, valueName: "count"))
    var jobs: String?

    @Option(
        help: ArgumentHelp(
            "About the length of a batch, which is a transaction: 1kB to 1GB (default: by jobs).",
            valueName: "size"))
    var batchBytes: String?

    @Flag(
        help: """
            Empty the table first, in a transaction of its own: if the import then fails, the \
            old rows are gone.
            """)
    var truncate = false

    @Flag(
        help: """
            Read and map everything and change nothing; values are not judged, only the server \
            can do that.
            """)
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "How long --truncate waits for its lock; 0: for ever (default: 10s).",
            valueName: "time"))
    var lockTimeout: String?

    @Option(
        help: ArgumentHelp(
            "Give up when the server shows no progress for so long; 0: never (default: 5min).",
            valueName: "time"))
    var stallTimeout: String?

    @Option(
        help: ArgumentHelp(
            "What the first record that does not fit does to the import.", valueName: "policy"))
    var onError = ErrorPolicy.stop
}

enum ErrorPolicy: String, CaseIterable, ExpressibleByArgument {
    case stop
}

extension LoadFlags {
    func options() throws(UsageError) -> LoadOptions {
        var options = LoadOptions()
        if let jobs { options.jobs = try FlagValue.number(jobs, of: "--jobs", in: 1...256) }
        if let batchBytes {
            options.batchBytes = try FlagValue.size(
                batchBytes, of: "--batch-bytes", in: .kibibytes(1)...(.mebibytes(1024)))
        }
        if let lockTimeout {
            options.lockTimeout = try FlagValue.time(lockTimeout, of: "--lock-timeout")
        }
        if let stallTimeout {
            options.stallTimeout = try FlagValue.time(stallTimeout, of: "--stall-timeout")
        }
        options.truncate = truncate
        options.dryRun = dryRun
        return options
    }
}
