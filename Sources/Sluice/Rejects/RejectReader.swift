import SluiceCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Reads a reject file, and the log beside it, from the start.
struct RejectReader: ~Copyable {
    private let path: String
    private var records: InputBytes
    private var log: InputBytes
    private let decoder = JSONDecoder()

    /// - Parameter start: where the first reject stands in the file.
    init(_ path: String, log: String, from start: Int) throws(Failure) {
        var records = try InputBytes(path: path)
        try records.skip(start)
        self.log = try InputBytes(path: log)
        self.records = records
        self.path = path
    }

    mutating func next() throws(Failure) -> Reject? {
        guard let line = try log.line() else { return nil }
        guard let entry = try? decoder.decode(LogEntry.self, from: Data(line)) else {
            throw Failure(.io, "the log beside \(path) is not as it was written")
        }
        let bytes = entry.omitted == true ? nil : try records.bytes(entry.bytes)
        return Reject(entry, bytes: bytes)
    }
}

/// A line of the log.
private struct LogEntry: Decodable {
    var file: String
    var line: Int?
    var endLine: Int
    var record: Int?
    var byteOffset: Int?
    var bytes: Int
    var column: String?
    var kind: String
    var sqlState: String
    var message: String
    var detail: String?
    var constraint: String?
    var omitted: Bool?

    private enum CodingKeys: String, CodingKey {
        case file, line, record, bytes, column, kind, message, detail, constraint, omitted
        case endLine = "end_line"
        case byteOffset = "byte_offset"
        case sqlState = "sqlstate"
    }
}

extension Reject {
    fileprivate init(_ entry: LogEntry, bytes: [UInt8]?) {
        self.init(
            location: SourceLocation(
                file: entry.file, line: entry.line, record: entry.record,
                byteOffset: entry.byteOffset, column: entry.column),
            endLine: entry.endLine, byteCount: entry.bytes, bytes: bytes,
            kind: Kind(name: entry.kind), sqlState: entry.sqlState, message: entry.message,
            detail: entry.detail, constraint: entry.constraint,
            isOmitted: entry.omitted == true)
    }
}
