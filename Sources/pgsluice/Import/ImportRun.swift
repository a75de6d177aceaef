import Glibc
import Logging
import Sluice
import SluiceCore

/// One import from its start to the process's exit status: progress, signals, report.
struct ImportRun: Sendable {
    let configuration: ImportConfiguration
    let source: ImportSource
    let table: TableName
    let output: OutputOptions

    private let console = Console()
    private let latest = LatestSnapshot()
    private let interruption = Interruption()
    private let startedAt = WallTime.now

    init(
        _ configuration: ImportConfiguration, source: ImportSource, table: TableName,
        output: OutputOptions
    ) {
        self.configuration = configuration
        self.source = source
        self.table = table
        self.output = output
    }

    private typealias Outcome = Result<ImportReport, ImportError>

    func perform() async -> Int32 {
        let progress = ImportProgress()
        let importer = Importer(configuration, logger: makeLogger())
        // The one task that no other holds: what a signal cancels.
        let root = Task { await outcome(of: importer, progress) }
        let watch = SignalWatch(interruption) { signal in
            root.cancel()
            Watchdog.start(after: signal, interruption: interruption) { printLastWords(signal) }
        }
        let ended = await showing(progress) { await root.value }
        _ = consume watch
        guard interruption.claimReport() else { waitForTheWatchdog() }
        return conclude(ended)
    }

    private func outcome(of importer: Importer, _ progress: ImportProgress) async -> Outcome {
        do throws(ImportError) {
            return .success(try await importer.run(source, into: table, progress: progress))
        } catch {
            return .failure(error)
        }
    }

    /// Shows progress while `work` runs.
    private func showing(
        _ progress: ImportProgress, while work: () async -> Outcome
    ) async -> Outcome {
        let display = ProgressDisplay(
            style: output.progress, isDryRun: configuration.load.dryRun, console: console,
            latest: latest)
        // Leaving the scope cancels and awaits it: it ends even if the stream does not.
        async let _: Void = display.follow(progress.snapshots)
        return await work()
    }

    private func makeLogger() -> Logger {
        let (console, output) = (console, output)
        LoggingSystem.bootstrap { _ in
            ConsoleLogHandler(console: console, format: output.logFormat, level: output.logLevel)
        }
        return Logger(label: "pgsluice")
    }
}

// MARK: The end

extension ImportRun {
    private func conclude(_ outcome: Outcome) -> Int32 {
        switch outcome {
        case .success(let report):
            return printReport(report, status: ExitStatus.of(report))
        case .failure(let error):
            let status = ExitStatus.of(error.code, signal: interruption.signal)
            guard error.code != .usage else {
                console.print([
                    "pgsluice: \(printable(error.message))", "Try 'pgsluice import --help'.",
                ])
                return status
            }
            console.print(words(for: FailureText(error)))
            return printReport(error.report, status: status)
        }
    }

    private func words(for failure: FailureText) -> [String] {
        switch output.logFormat {
        case .text: failure.lines
        case .json: [failure.json]
        }
    }

    /// - Returns: `status`; 74 if all went well but for the printing.
    private func printReport(_ report: ImportReport, status: Int32) -> Int32 {
        do throws(Errno) {
            try Descriptor.output.write(text(of: report, status: status))
            return status
        } catch {
            let failure = FailureText.headline(
                at: nil, "the report could not be written to standard output: \(error)",
                sqlState: nil)
            console.print([failure])
            return status == 0 || status == 3 ? ExitStatus.inputOutput : status
        }
    }

    private func text(of report: ImportReport, status: Int32) -> String {
        switch output.report {
        case .text: TextReport(report: report).text
        case .json: report.json(exitCode: Int(status)) + "\n"
        }
    }

    /// For an import that was cancelled and did not end.
    private func printLastWords(_ signal: Int32) {
        let report = ImportReport(
            unfinished: latest.value, table: table.description,
            isDryRun: configuration.load.dryRun, startedAt: startedAt)
        let failure = FailureText(headline: "cancelled", committed: CommittedSummary(report))
        console.printLast(words(for: failure))
        let text = text(of: report, status: ExitStatus.of(signal: signal))
        try? Descriptor.output.write(text, patience: .milliseconds(100))
    }

    /// The process ends in the watchdog's hands.
    private func waitForTheWatchdog() -> Never {
        while true { pause() }
    }
}
