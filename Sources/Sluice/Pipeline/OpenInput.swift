import SluiceCore
import SluiceSource

/// An input while it is read.
struct OpenInput: ~Copyable {
    private var file: InputFile?
    private let nextChunk: () async throws -> [UInt8]?
    private var chunk: ArraySlice<UInt8> = []

    init(_ input: ImportSource.Input) throws(SourceError) {
        switch input {
        case .file(let path):
            file = try InputFile(path: path)
            nextChunk = { nil }
        case .standardInput:
            file = try InputFile(standardInputNamed: input.name)
            nextChunk = { nil }
        case .bytes(let stream):
            file = nil
            nextChunk = stream.makeIterator()
        }
    }

    /// In bytes, where it is known.
    var size: Int? {
        switch file {
        case .some(let file): file.size
        case nil: nil
        }
    }

    /// Whether it can go on anywhere: a regular file that was opened by its path.
    var canSeek: Bool {
        switch file {
        case .some(let file): file.canSeek
        case nil: false
        }
    }

    /// Goes on reading at `offset`.
    mutating func seek(to offset: Int) throws(SourceError) {
        precondition(file != nil, "a sequence can't be sought in")
        try file!.seek(to: offset)
    }

    /// Whether a regular file has become longer since it was opened.
    var hasGrown: Bool {
        switch file {
        case .some(let file): file.hasGrown
        case nil: false
        }
    }

    /// Reads what there is, waiting for the first byte; 0 at the end.
    mutating func read(
        into room: UnsafeMutableRawBufferPointer, on thread: OwnThread
    ) async throws -> Int {
        if file != nil { return try file!.read(into: room, on: thread) }
        while chunk.isEmpty {
            let next = try await nextChunk()
            // A cancelled sequence ends, too, amid a record: that is no end of the input.
            try Task.checkCancellation()
            guard let next else { return 0 }
            chunk = next[...]
        }
        let taken = chunk.prefix(room.count)
        room.copyBytes(from: taken)
        chunk = chunk.dropFirst(taken.count)
        return taken.count
    }
}

extension ImportSource {
    /// In bytes, of all inputs, where it is known.
    var size: Int? {
        inputs.reduce(0) { total, input in
            guard let total, let size = input.size else { return nil }
            return total + size
        }
    }
}

extension ImportSource.Input {
    /// In bytes, of a regular file, which can be opened and read again; nil for a stream.
    var size: Int? {
        switch self {
        case .file(let path): InputFile.regularSize(path: path)
        case .standardInput: (try? OpenInput(self))?.size
        case .bytes: nil
        }
    }

    /// Whether it may be opened and read from its start more than once. A path that names nothing
    /// may be: to say so.
    var canBeReopened: Bool {
        guard case .file(let path) = self else { return false }
        return !InputFile.isStream(path: path)
    }
}
