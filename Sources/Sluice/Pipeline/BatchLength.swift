import SluiceCore

/// How long batches are to be.
struct BatchLength: Sendable {
    /// What a slot is made for.
    let usual: ByteCount
    /// So many workers are to begin at once, and to end together: the first batches are short, and
    /// so are the last ones; nil: all are alike.
    var workers: Int?

    /// The length is the user's, or fits into the memory that is set before the start, however many
    /// slots share it. A COPY costs the server the better part of a millisecond, however short it is.
    init(_ wanted: ByteCount?, slots: Int, workers: Int) {
        usual = wanted ?? min(.mebibytes(6), ByteCount(Self.memory / slots))
        self.workers = wanted == nil ? workers : nil
    }

    init(_ usual: ByteCount) {
        self.usual = usual
    }

    /// - Parameters:
    ///   - begun: how many batches there are before it.
    ///   - left: bytes from its start to the import's end, where that is known.
    func bytes(begun: Int, left: Int?) -> Int {
        guard let workers else { return usual.bytes }
        let share = begun < workers ? 0 : (left ?? .max) / workers
        return min(usual.bytes, max(Self.least, share))
    }

    private static let memory = 24 << 20
    private static let least = 1 << 20
}
