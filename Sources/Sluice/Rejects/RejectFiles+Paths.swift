import Glibc
import SluiceCore

extension RejectFiles {
    /// Where the rejects of each input go.
    ///
    /// - Parameter areHandedOver: those that no file is wanted of are kept till the end, too.
    /// - Throws: `Failure` of the code `usage` for one file and several inputs.
    convenience init(
        _ destination: RejectDestination, inputs: [ImportSource.Input], areHandedOver: Bool
    ) throws(Failure) {
        let defaults = Self.names(for: inputs)
        switch destination {
        case .none where areHandedOver:
            let scratch = try Self.scratchFolder()
            self.init(paths: defaults.map { "\(scratch)/\($0)" }, scratch: scratch)
        case .none: self.init(paths: inputs.map { _ in nil })
        case .default: self.init(paths: defaults)
        case .directory(let folder): self.init(paths: defaults.map { "\(folder)/\($0)" })
        case .file(let path):
            guard inputs.count == 1 else {
                throw Failure(
                    .usage, "several inputs have several reject files: name a directory, DIR/")
            }
            self.init(paths: [path])
        }
    }

    private static func scratchFolder() throws(Failure) -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/pgsluice-rejects.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .output(parent, .current) }
        return template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    private static func names(for inputs: [ImportSource.Input]) -> [String] {
        var taken: Set<String> = []
        return inputs.map { input in
            let name = input.name.split(separator: "/").last.map(String.init) ?? "input"
            // Two inputs of one name need two files.
            var (unique, number) = (name, 1)
            while !taken.insert(unique).inserted {
                number += 1
                unique = "\(name).\(number)"
            }
            return unique + ".rejects.csv"
        }
    }
}

// MARK: What must not be replaced

extension RejectFiles {
    /// Makes sure that what is replaced, and may be taken away at the end, is nothing that is still
    /// needed: an input, or a device.
    ///
    /// - Throws: `Failure` of the code `output`.
    func checkReplaced(_ inputs: [ImportSource.Input]) throws(Failure) {
        let inputs = Set(inputs.compactMap(\.identity))
        for path in paths.compactMap({ $0 }) {
            for path in [path, Self.log(of: path)] { try Self.check(path, inputs) }
        }
    }

    private static func check(_ path: String, _ inputs: Set<FileIdentity>) throws(Failure) {
        guard let file = FileIdentity(path: path) else { return }
        guard file.isRegular, !inputs.contains(file) else {
            throw Failure(
                .output,
                "\(path) can't be replaced: it is "
                    + (file.isRegular ? "an input of the import" : "no regular file"),
                advice: "name another file with --rejects, or say --rejects none")
        }
    }
}

/// Which file it is, whatever its path.
private struct FileIdentity: Hashable {
    let device: dev_t
    let number: ino_t
    let isRegular: Bool

    /// nil: there is no such file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = status.st_dev
        number = status.st_ino
        isRegular = status.st_mode & S_IFMT == S_IFREG
    }
}

extension ImportSource.Input {
    fileprivate var identity: FileIdentity? {
        switch self {
        case .file(let path): FileIdentity(path: path)
        case .standardInput: FileIdentity(descriptor: STDIN_FILENO)
        case .bytes: nil
        }
    }
}
