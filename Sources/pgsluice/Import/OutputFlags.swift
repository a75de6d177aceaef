import ArgumentParser
import Logging

struct OutputFlags: ParsableArguments {
    static let valueFlags: [ValueFlag] = [
        .once("--report"), .once("--progress"), .once("--log-format"),
    ]

    @Option(help: ArgumentHelp("The report on standard output.", valueName: "form"))
    var report = ReportFormat.text

    @Option(
        help: ArgumentHelp(
            """
            Progress on standard error; auto: a bar on a terminal, else a line every 30 seconds.
            """, valueName: "form"))
    var progress = ProgressChoice.auto

    @Flag(name: .shortAndLong, help: "Show errors and the report, nothing else.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say more; -vv still more.")
    var verbose: Int

    @Option(
        help: ArgumentHelp(
            "Messages on standard error; json: one object a line.", valueName: "form"))
    var logFormat = LogFormat.text

    func options() throws(UsageError) -> OutputOptions {
        try exclude("--quiet", "--verbose", when: quiet && verbose > 0)
        return OutputOptions(
            report: report, progress: quiet ? .none : .init(progress), logFormat: logFormat,
            logLevel: level)
    }

    private var level: Logger.Level {
        if quiet { return .error }
        return [.notice, .info, .debug, .trace][min(verbose, 3)]
    }
}
