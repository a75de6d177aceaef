/// What is imported: files, standard input, or bytes from anywhere.
public struct ImportSource: Sendable {
    enum Input: Sendable {
        case file(path: String)
        case standardInput
        case bytes(ByteStream)
    }

    let inputs: [Input]

    /// Several files are one import; `-` is standard input.
    public static func files(_ paths: [String]) -> ImportSource {
        ImportSource(inputs: paths.map { $0 == "-" ? .standardInput : .file(path: $0) })
    }

    public static var standardInput: ImportSource { ImportSource(inputs: [.standardInput]) }

    /// CSV in chunks of any length.
    ///
    /// - Parameter name: stands for the file's name in messages and in the report.
    public static func bytes<S: AsyncSequence & Sendable>(
        _ chunks: S, name: String
    ) -> ImportSource where S.Element == [UInt8] {
        ImportSource(inputs: [.bytes(ByteStream(name: name, chunks: chunks))])
    }
}

extension ImportSource.Input {
    /// The name in messages and in the report.
    var name: String {
        switch self {
        case .file(let path): path
        case .standardInput: "stdin"
        case .bytes(let stream): stream.name
        }
    }
}

/// Chunks of bytes from an asynchronous sequence whose type is forgotten.
struct ByteStream: Sendable {
    let name: String
    /// A new iteration; each call of what it returns is a chunk, nil the end.
    let makeIterator: @Sendable () -> () async throws -> [UInt8]?

    init<S: AsyncSequence & Sendable>(name: String, chunks: S) where S.Element == [UInt8] {
        self.name = name
        makeIterator = {
            var iterator = chunks.makeAsyncIterator()
            return { try await iterator.next(isolation: #isolation) }
        }
    }
}
