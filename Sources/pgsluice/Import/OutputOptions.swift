import ArgumentParser
import Logging

/// What is shown, and how.
struct OutputOptions: Sendable {
    var report: ReportFormat
    var progress: ProgressDisplay.Style
    var logFormat: LogFormat
    var logLevel: Logger.Level
}

enum ReportFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json
}

enum LogFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json
}

enum ProgressChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, bar, log, json, none
}

extension ProgressDisplay.Style {
    init(_ choice: ProgressChoice) {
        switch choice {
        case .auto: self = Terminal.canRedraw ? .bar : .log
        case .bar: self = .bar
        case .log: self = .log
        case .json: self = .json
        case .none: self = .none
        }
    }
}
