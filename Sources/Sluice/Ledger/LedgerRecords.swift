import SluiceCore

/// What identifies an import, and what must not change while it is unfinished.
struct LedgerIdentity: Hashable, Sendable {
    var id: String
    /// Schema-qualified, quoted where need be: `Target.sql`.
    var table: String
    /// How the files are read and mapped, a line for each option: `DialectText`.
    var dialect: String
    var sources: [LedgerSource]
}

/// A file or a stream of an import. A file is known by its content, whatever its path.
struct LedgerSource: Hashable, Sendable {
    var path: String
    /// In bytes; nil for a stream.
    var size: Int?
    /// `SourceFingerprint.digest`; nil for a stream.
    var fingerprint: Digest128?
}

/// A batch that is in the table: its row in the ledger.
struct LedgerBatch: Hashable, Sendable {
    /// Where its source stands in the import, from 0.
    var source: Int
    /// Bytes of the source; never empty.
    var range: Range<Int>
    /// From 1.
    var firstRecord: Int
    /// Good and malformed ones: loaded, rejected or skipped.
    var records: Int
    /// Of its first byte, from 1.
    var firstLine: Int
    /// Line ends in it.
    var lines: Int
    /// Of its last byte.
    var lastLine: Int
    /// Of its bytes.
    var hash: Digest128
    /// Those that a batch has: `recordsRead`, which is `records`, rows and records by what became
    /// of them, `linesPassed`, and rows by lane. The others are 0.
    var counts: ImportCounts
}

/// What a run found when it took the import over.
struct LedgerState: Hashable, Sendable {
    /// This run's.
    var epoch: Int
    /// For each source its batches, by their start.
    var done: [[LedgerBatch]]
    var isFinished: Bool
}

extension Digest128 {
    /// Of a batch whose bytes were not all held.
    static let unknown = Digest128(high: 0, low: 0)
}
