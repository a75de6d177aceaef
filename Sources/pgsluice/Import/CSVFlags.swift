import ArgumentParser
import Sluice
import SluiceCodec

struct CSVFlags: ParsableArguments {
    static let valueFlags: [ValueFlag] = [
        .once("--delimiter"), .once("--quote"), .once("--escape"), .once("--quoting"),
        .once("--null"), .repeated("--force-null"), .repeated("--force-not-null"),
        .once("--skip-lines"), .once("--comment"), .once("--max-record-bytes"),
    ]

    @Flag(help: "The first record names the columns (the default).")
    var header = false

    @Flag(help: "The first record is data.")
    var noHeader = false

    @Option(
        help: ArgumentHelp(
            "What parts fields: one byte, \\t, tab, space or \\xHH (default: ,).",
            valueName: "byte"))
    var delimiter: String?

    @Option(help: ArgumentHelp("What protects fields (default: \").", valueName: "byte"))
    var quote: String?

    @Option(
        help: ArgumentHelp(
            "What protects a quote inside quotes (default: the quote).", valueName: "byte"))
    var escape: String?

    @Option(
        help: ArgumentHelp(
            """
            Where quotes mean something; standard: only around a whole field; lenient: there, and \
            others inside it are text; copy: anywhere, as COPY reads; none: nowhere.
            """, valueName: "mode"))
    var quoting = QuotingChoice(value: .standard)

    @Option(
        help: ArgumentHelp(
            "The unquoted field that is NULL (default: the empty one).", valueName: "text"))
    var null: String?

    @Option(
        help: ArgumentHelp(
            "Columns whose quoted fields can be NULL too; '*': all.", valueName: "columns"))
    var forceNull: [String] = []

    @Option(
        help: ArgumentHelp(
            "Columns that never take a field for NULL; '*': all.", valueName: "columns"))
    var forceNotNull: [String] = []

    @Option(help: ArgumentHelp("Lines to pass over before all else.", valueName: "count"))
    var skipLines: String?

    @Option(
        help: ArgumentHelp("Pass over lines that begin with this byte.", valueName: "byte"))
    var comment: String?

    @Option(
        help: ArgumentHelp(
            "A record longer than this is malformed (default: 16MB).", valueName: "size"))
    var maxRecordBytes: String?
}

/// `Dialect.Quoting` as ArgumentParser reads it.
struct QuotingChoice: ExpressibleByArgument {
    static let allValueStrings = Dialect.Quoting.allCases.map(\.rawValue)

    let value: Dialect.Quoting

    var defaultValueDescription: String { value.rawValue }

    init(value: Dialect.Quoting) {
        self.value = value
    }

    init?(argument: String) {
        guard let value = Dialect.Quoting(rawValue: argument) else { return nil }
        self.init(value: value)
    }
}
