import Glibc
import Sluice

/// What the process exits with; scripts rely on it.
enum ExitStatus {
    static let usage: Int32 = 64
    static let inputOutput: Int32 = 74

    /// - Parameter signal: what cancelled the import.
    static func of(_ code: ImportError.Code, signal: Int32?) -> Int32 {
        switch code {
        case .usage: usage
        case .data: 65
        case .input: 66
        case .server: 69
        case .fault: 70
        case .output: 73
        case .io: inputOutput
        case .taken: 75
        case .permission: 77
        case .cancelled: of(signal: signal ?? SIGINT)
        default: 70
        }
    }

    /// As a shell reports a process that a signal ended.
    static func of(signal: Int32) -> Int32 { 128 + signal }

    static func of(_ report: ImportReport) -> Int32 {
        switch report.status {
        case .completed: 0
        case .completedWithRejects: 3
        case .failed: 65
        case .cancelled: of(signal: SIGINT)
        }
    }
}
