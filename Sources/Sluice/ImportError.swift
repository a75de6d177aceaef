public import SluiceCore
public import SluicePostgres

/// Why an import did not complete, and what of it is committed all the same.
public struct ImportError: Error, Sendable {
    /// The kind of failure: what a caller decides by.
    public struct Code: Hashable, Sendable {
        private enum Value {
            case data, input, output, server, permission, io, cancelled, fault, usage, taken
        }

        private let value: Value

        /// The input does not fit: a malformed record, a refused value, a header or table amiss.
        public static let data = Code(value: .data)
        /// An input is missing, unreadable or a directory.
        public static let input = Code(value: .input)
        /// The server can't be reached, was lost, stalled, is full, or is no fit one.
        public static let server = Code(value: .server)
        /// The server says that this user may not.
        public static let permission = Code(value: .permission)
        /// A file for the rejects can't be made, or a reject not be handed over.
        public static let output = Code(value: .output)
        /// Reading failed midway.
        public static let io = Code(value: .io)
        /// The task was cancelled.
        public static let cancelled = Code(value: .cancelled)
        /// A mistake of pgsluice's own.
        public static let fault = Code(value: .fault)
        /// The configuration contradicts itself.
        public static let usage = Code(value: .usage)
        /// Another run has this import.
        public static let taken = Code(value: .taken)
    }

    public var code: Code
    /// What happened, in one line, without the place.
    public var message: String
    public var location: SourceLocation?
    /// The record that it happened in, cut at 200 bytes.
    public var record: String?
    public var server: ServerDiagnostics?
    /// What the user may do about it.
    public var advice: String?
    /// How far the import came.
    public var report: ImportReport
}
