import ArgumentParser
import Sluice

struct ImportCommand: AsyncParsableCommand {
    static let name = "import"

    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Loads CSV files into a table.",
        usage: "pgsluice import [options] --table [schema.]name [FILE ...]",
        discussion: """
            Sizes are written as in postgresql.conf (8MB, 512kB, bytes), times as 30s or 5min.

            Exit codes: 0 all loaded; 3 all but some rejects; 64 usage; 65 data; 66 input; \
            69 server; 70 internal; 73 output file; 74 I/O; 75 another run holds the import; \
            77 permission; 129, 130, 143 ended by a signal.
            """)

    static let valueFlags =
        ConnectionFlags.valueFlags + TargetFlags.valueFlags + CSVFlags.valueFlags
        + LoadFlags.valueFlags + ErrorFlags.valueFlags + OutputFlags.valueFlags

    @Argument(
        help: ArgumentHelp(
            "CSV files; several are one import. None, or -: standard input.", valueName: "FILE"))
    var files: [String] = []

    @OptionGroup(title: "Connection options") var connection: ConnectionFlags
    @OptionGroup(title: "Target options") var target: TargetFlags
    @OptionGroup(title: "CSV options") var csv: CSVFlags
    @OptionGroup(title: "Load options") var load: LoadFlags
    @OptionGroup(title: "Error options") var errors: ErrorFlags
    @OptionGroup(title: "Output options") var output: OutputFlags

    func run() async throws {
        let run = ImportRun(
            try importConfiguration(), source: try source(), table: try target.tableName(),
            output: try output.options())
        let status = await run.perform()
        if status != 0 { throw ExitCode(status) }
    }
}

extension ImportCommand {
    private func importConfiguration() throws(UsageError) -> ImportConfiguration {
        var configuration = ImportConfiguration()
        configuration.connection = connection.options
        configuration.columns = try target.options(header: csv.headerSaidAloud)
        configuration.csv = try csv.options()
        configuration.load = try load.options()
        configuration.errors = try errors.options()
        return configuration
    }

    private func source() throws(UsageError) -> ImportSource {
        if files.isEmpty {
            guard !Terminal.isInputTerminal else {
                throw UsageError("no FILE, and standard input is a terminal; - reads from it")
            }
            return .standardInput
        }
        guard files.filter({ $0 == "-" }).count < 2 else {
            throw UsageError("- (standard input) is given twice")
        }
        return .files(files)
    }
}
