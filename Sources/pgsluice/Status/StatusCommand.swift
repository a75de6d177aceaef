import ArgumentParser
import Sluice
import SluiceCore

struct StatusCommand: AsyncParsableCommand {
    static let name = "status"

    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Shows what the ledger knows of imports.",
        usage: "pgsluice status [options] [IMPORT]",
        discussion: """
            The ledger lies in the database of the tables, in the schema pgsluice. \
            It has each import that was begun with it, and how far that is.

            Exit codes: 0 shown or done; 64 usage; 65 no such import; 69 server; 70 internal; \
            74 I/O; 75 a run holds the import; 77 permission.
            """)

    static let valueFlags = ConnectionFlags.valueFlags + [.once("--format")]

    @Argument(help: ArgumentHelp("The import; none: all of them.", valueName: "IMPORT"))
    var importID: String?

    @OptionGroup(title: "Connection options") var connection: ConnectionFlags

    @Option(help: ArgumentHelp("What standard output gets.", valueName: "form"))
    var format = ReportFormat.text

    @Flag(help: "Ask the import's run to stop before its next batch; it can go on later.")
    var stop = false

    @Flag(
        help: """
            Drop the import from the ledger. Its rows stay in the table; a run of it that is at \
            work fails.
            """)
    var forget = false

    @Flag(
        help: """
            Drop all finished imports from the ledger. The command of one of them would then \
            load its rows again.
            """)
    var prune = false

    func run() async throws {
        let action = try action()
        let status = await StatusRun(ledger: ImportLedger(connection.options), format: format)
            .perform(action)
        if status != 0 { throw ExitCode(status) }
    }
}

extension StatusCommand {
    private func action() throws(UsageError) -> StatusAction {
        try exclude("--stop", "--forget", when: stop && forget)
        try exclude("--stop", "--prune", when: stop && prune)
        try exclude("--forget", "--prune", when: forget && prune)
        try exclude("--prune", "an IMPORT", when: prune && importID != nil)
        if stop { return .stop(try neededID(for: "--stop")) }
        if forget { return .forget(try neededID(for: "--forget")) }
        if prune { return .prune }
        return importID.map { .showOne($0) } ?? .showAll
    }

    private func neededID(for flag: String) throws(UsageError) -> String {
        guard let importID else { throw UsageError("\(flag) needs an IMPORT") }
        return importID
    }
}

/// What the command is to do.
enum StatusAction: Sendable {
    case showAll
    case showOne(String)
    case stop(String)
    case forget(String)
    case prune
}
