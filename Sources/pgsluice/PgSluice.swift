import ArgumentParser
import Glibc
import Sluice
import SluiceCore

@main
struct PgSluice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pgsluice",
        abstract: "Loads CSV into PostgreSQL.",
        version: "pgsluice \(sluiceVersion)",
        subcommands: [ImportCommand.self, StatusCommand.self],
        // -h is the host's, as in psql.
        helpNames: .long)

    static func main() async {
        // Whoever writes is told by an error.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        openMissingDescriptors()
        Glibc.exit(await exitStatus(for: Array(CommandLine.arguments.dropFirst())))
    }

    func run() throws {
        throw UsageError("a command is missing, such as 'pgsluice import'")
    }
}

extension PgSluice {
    private static func exitStatus(for arguments: [String]) async -> Int32 {
        do {
            try await run(arguments)
            return 0
        } catch let ended as ExitCode {
            return ended.rawValue
        } catch let error as UsageError {
            return refuse(error.message, arguments)
        } catch {
            guard exitCode(for: error) == .success else {
                return refuse(message(for: error), arguments)
            }
            return show(fullMessage(for: error))
        }
    }

    private static func run(_ arguments: [String]) async throws {
        var command = try parsed(canonical(arguments))
        if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            try command.run()
        }
    }

    /// The flags that take values, by command.
    private static let valueFlags = [
        ImportCommand.name: ImportCommand.valueFlags, StatusCommand.name: StatusCommand.valueFlags,
    ]

    /// Leaves out the root, which takes as long to read, where the command is plain and complete.
    /// What is wrong, and help, is told by the root.
    private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        if arguments.first == ImportCommand.name,
            let command = try? ImportCommand.parse(Array(arguments.dropFirst()))
        {
            return command
        }
        return try parseAsRoot(arguments)
    }

    private static func canonical(_ arguments: [String]) throws(UsageError) -> [String] {
        guard let name = arguments.first, let valueFlags = valueFlags[name] else {
            return arguments
        }
        return [name]
            + (try canonicalArguments(Array(arguments.dropFirst()), valueFlags: valueFlags))
    }

    private static func refuse(_ message: String, _ arguments: [String]) -> Int32 {
        let name = arguments.first.flatMap { valueFlags[$0] == nil ? nil : $0 }
        let command = ["pgsluice", name].compactMap { $0 }.joined(separator: " ")
        writeError("pgsluice: \(printable(message))\nTry '\(command) --help'.\n")
        return ExitStatus.usage
    }

    /// Help, or the version.
    private static func show(_ text: String) -> Int32 {
        do throws(Errno) {
            try Descriptor.output.write(text + "\n")
            return 0
        } catch {
            writeError("pgsluice: standard output: \(error)\n")
            return ExitStatus.inputOutput
        }
    }
}
