/// The progress of one import, for whoever shows it. Made by the caller.
public struct ImportProgress: Sendable {
    /// States of the import, a few each second. A slow reader loses steps, never totals: each
    /// snapshot is whole. Ends with the import.
    public let snapshots: AsyncStream<ImportSnapshot>
    let continuation: AsyncStream<ImportSnapshot>.Continuation

    public init() {
        (snapshots, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
    }
}

/// Where an import stands.
public struct ImportSnapshot: Sendable {
    public var elapsed: Duration
    public var bytesRead: Int
    /// The size of all inputs; nil when one of them is a stream.
    public var bytesTotal: Int?
    /// In committed batches.
    public var bytesLoaded: Int
    public var recordsRead: Int
    public var rowsLoaded: Int
    public var rowsRejected: Int
    public var retries: Int
}
