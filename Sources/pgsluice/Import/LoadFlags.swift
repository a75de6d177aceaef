import ArgumentParser
import Sluice
import SluiceCore

struct LoadFlags: ParsableArguments {
    static let valueFlags: [ValueFlag] = [
        .once("--jobs", short: "j"), .once("--batch-bytes"), .once("--lock-timeout"),
        .once("--stall-timeout"), .once("--import-id"),
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

    @Flag(
        help: """
            Load all in one transaction, over one connection: if anything fails the table is as \
            before. The transaction stays open while the input is read.
            """)
    var singleTransaction = false

    @Flag(
        help: """
            Load side by side into staging tables beside the table, then move all rows in one \
            transaction: if anything fails the table is as before. Rows are written twice, the \
            last step runs on one backend, and unique and foreign-key errors appear only there.
            """)
    var atomic = false

    @Flag(
        help: """
            Keep books in the database (schema pgsluice) from the first run on: the same command \
            then goes on where this one ended, whatever ended it.
            """)
    var resume = false

    @Option(
        help: ArgumentHelp(
            """
            The name of the import for --resume (default: made from table, paths and dialect); \
            standard input needs one.
            """, valueName: "id"))
    var importId: String?

    @Flag(help: "With --resume, compare all that is loaded with the input, not only its borders.")
    var verifySource = false
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
        try excludeTransactions()
        options.singleTransaction = singleTransaction
        options.atomic = atomic
        options.resume = resume
        options.importID = importId
        options.verifySource = verifySource
        options.truncate = truncate
        options.dryRun = dryRun
        return options
    }

    private func excludeTransactions() throws(UsageError) {
        try exclude("--single-transaction", "--resume", when: singleTransaction && resume)
        try exclude("--atomic", "--resume", when: atomic && resume)
        try exclude("--atomic", "--single-transaction", when: atomic && singleTransaction)
        try exclude(
            "--single-transaction", "--jobs",
            when: singleTransaction && jobs.map { $0 != "1" } == true)
        if !resume, importId != nil || verifySource {
            throw UsageError(
                "\(importId == nil ? "--verify-source" : "--import-id") goes with --resume")
        }
    }
}
