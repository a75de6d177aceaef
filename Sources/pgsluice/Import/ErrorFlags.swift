import ArgumentParser
import Sluice

struct ErrorFlags: ParsableArguments {
    static let valueFlags: [ValueFlag] = [
        .once("--on-error"), .once("--rejects"), .once("--reject-limit"), .once("--reject-ratio"),
        .once("--retry-timeout"),
    ]

    @Option(
        help: ArgumentHelp(
            """
            What a record that does not fit does to the import; stop (the default): end it; \
            reject: such records are left out and kept with their reasons, all others load.
            """, valueName: "policy"))
    var onError: ErrorPolicy?

    @Option(
        help: ArgumentHelp(
            """
            Where rejected records go: a file, DIR/ for several inputs, or none (default: \
            <input name>.rejects.csv here). The reasons go to the same name with .log.
            """, valueName: "path"))
    var rejects: String?

    @Flag(help: "Replace reject files that exist.")
    var rejectsOverwrite = false

    @Option(
        help: ArgumentHelp(
            "End the import at the next reject after so many.", valueName: "count"))
    var rejectLimit: String?

    @Option(
        help: ArgumentHelp(
            """
            End the import when more than this part of the records is rejected, from 0 to 1; \
            looked at from 1,000 records on.
            """, valueName: "ratio"))
    var rejectRatio: String?

    @Option(
        help: ArgumentHelp(
            """
            How long a batch is tried again when the server is lost, or has no room; 0: not at \
            all (default: 5min).
            """, valueName: "time"))
    var retryTimeout: String?
}

enum ErrorPolicy: String, CaseIterable, ExpressibleByArgument {
    case stop, reject
}

extension ErrorFlags {
    func options() throws(UsageError) -> ErrorOptions {
        var options = ErrorOptions()
        options.policy = try policy()
        options.rejects = destination
        options.overwritesRejects = rejectsOverwrite
        if let rejectLimit {
            options.rejectLimit = try FlagValue.number(
                rejectLimit, of: "--reject-limit", in: 0...Int.max)
        }
        if let rejectRatio {
            options.rejectRatio = try FlagValue.ratio(rejectRatio, of: "--reject-ratio")
        }
        if let retryTimeout {
            options.retryTimeout = try FlagValue.time(retryTimeout, of: "--retry-timeout")
        }
        return options
    }

    /// The flags about rejects mean `--on-error reject` where nothing else is said.
    private func policy() throws(UsageError) -> ErrorOptions.Policy {
        let flags = [
            ("--rejects", rejects != nil), ("--reject-limit", rejectLimit != nil),
            ("--reject-ratio", rejectRatio != nil),
        ]
        for (flag, isGiven) in flags {
            try exclude("--on-error stop", flag, when: onError == .stop && isGiven)
        }
        return onError == .reject || flags.contains { $0.1 } ? .reject : .stop
    }

    private var destination: RejectDestination {
        switch rejects {
        case nil: .default
        case "none"?: .none
        case let path? where path.hasSuffix("/"): .directory(String(path.dropLast()))
        case let path?: .file(path)
        }
    }
}
