import Logging
import Sluice

/// Shows log messages on the console.
struct ConsoleLogHandler: LogHandler {
    let console: Console
    let format: LogFormat
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(console: Console, format: LogFormat, level: Logger.Level) {
        self.console = console
        self.format = format
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = [metadataProvider?.get(), event.metadata].compactMap { $0 }
            .reduce(metadata) { $0.merging($1) { $1 } }
        let sorted = all.sorted { $0.key < $1.key }
        switch format {
        case .text: console.print([Self.text(event, sorted)])
        case .json: console.print([Self.json(event, sorted)])
        }
    }
}

extension ConsoleLogHandler {
    private typealias Metadata = [(key: String, value: Logger.MetadataValue)]

    /// `pgsluice: note: the message (key=value, …)`
    private static func text(_ event: LogEvent, _ metadata: Metadata) -> String {
        let level = event.level == .notice ? "note" : event.level.rawValue
        let values = metadata.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
        let suffix = values.isEmpty ? "" : " (\(values))"
        return printable("pgsluice: \(level): \(event.message)\(suffix)")
    }

    private static func json(_ event: LogEvent, _ metadata: Metadata) -> String {
        var members: [(key: String, value: JSON)] = [
            ("type", .string("log")), ("level", .string(event.level.rawValue)),
            ("message", .string(event.message.description)),
        ]
        members += metadata.map { ($0.key, json($0.value)) }
        return JSON.object(members).text
    }

    private static func json(_ value: Logger.MetadataValue) -> JSON {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let value): .string(value.description)
        case .array(let values): .array(values.map(json))
        case .dictionary(let members):
            .object(members.sorted { $0.key < $1.key }.map { ($0.key, json($0.value)) })
        }
    }
}
