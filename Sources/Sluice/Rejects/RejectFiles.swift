import Glibc
import SluiceCodec
import SluiceCore
import Synchronization

/// Where the rejects of an import are kept: a reject file for each input, its log beside it and,
/// while the import runs, a part of both for each batch.
///
/// A part is on disk before its batch is committed, so that a crash loses none; what lies there of
/// a batch that was not committed is dropped. At the end the parts are merged in the order of the
/// source.
final class RejectFiles: Sendable {
    /// One for each input; nil: rejects are only counted.
    let paths: [String?]
    private let committed: Mutex<[[Range<Int>]]>
    private let locks: Mutex<[Int32]>
    /// The inputs whose folder of parts was there.
    private let taken = Mutex<Set<Int>>([])
    /// The inputs that have a part which is no batch's.
    private let late = Mutex<Set<Int>>([])
    /// Where the rejects begin in each input's file, once they are merged.
    private let starts: Mutex<[Int]>
    /// The folder that all paths are in when no file is to stay.
    private let scratch: String?

    init(paths: [String?], scratch: String? = nil) {
        self.paths = paths
        self.scratch = scratch
        committed = Mutex(paths.map { _ in [] })
        starts = Mutex(paths.map { _ in 0 })
        locks = Mutex([])
    }

    deinit {
        locks.withLock { for lock in $0 { close(lock) } }
        guard let scratch else { return }
        tidy()
        rmdir(scratch)
    }

    // MARK: Beginning

    /// Takes the folders of an import that may go on, before anything of it is changed.
    ///
    /// - Throws: `Failure` of the code `taken` when another run has them.
    func lock() throws(Failure) {
        for (file, path) in paths.enumerated() {
            guard let folder = path.map(Self.parts), access(folder, F_OK) == 0 else { continue }
            try openFolder(folder)
            taken.withLock { _ = $0.insert(file) }
        }
    }

    /// Makes the files, empty.
    ///
    /// - Parameter done: an earlier run's files are taken over, with the parts of these batches,
    ///   which it has committed, for each file; nil: there was none.
    /// - Throws: `Failure` of the code `output`, or `taken` when another run has them.
    func open(overwrites: Bool, continuing done: [[Range<Int>]]? = nil) throws(Failure) {
        var made: [String] = []
        do throws(Failure) {
            for (file, path) in paths.enumerated() {
                guard let path else { continue }
                try open(path, file: file, overwrites: overwrites, made: &made)
                try keepParts(of: path, in: done?[file] ?? [], file: file)
            }
        } catch {
            // The next try must not find them and take them for another's.
            for path in made where rmdir(path) != 0 { unlink(path) }
            throw error
        }
    }

    /// - Parameter made: takes the paths that were not there before.
    private func open(
        _ path: String, file: Int, overwrites: Bool, made: inout [String]
    ) throws(Failure) {
        // What has parts beside it is a run's that did not end.
        let isOwn = taken.withLock { $0.contains(file) }
        let existing: OutputFile.Existing = overwrites || isOwn ? .replace : .refuse
        for path in [path, Self.log(of: path)] {
            _ = try OutputFile(path: path, existing: existing)
            if existing == .refuse { made.append(path) }
        }
        guard !isOwn else { return }
        let folder = Self.parts(of: path)
        let isNew = access(folder, F_OK) != 0
        try openFolder(folder)
        if isNew { made.append(folder) }
    }

    private func openFolder(_ folder: String) throws(Failure) {
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw .output(folder, .current)
        }
        do throws(Errno) {
            let lock = try retryingOnInterrupt {
                Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            }
            locks.withLock { $0.append(lock) }
            try retryingOnInterrupt { flock(lock, LOCK_EX | LOCK_NB) }
        } catch  where error.code == EWOULDBLOCK {
            throw Failure(
                .taken, "another run is writing \(folder)",
                advice: "wait for it to end, or stop it")
        } catch {
            throw .output(folder, error)
        }
    }

    /// Keeps the parts of batches that are committed, and drops all others.
    private func keepParts(of path: String, in done: [Range<Int>], file: Int) throws(Failure) {
        let folder = Self.parts(of: path)
        let wanted = Set(done)
        var kept: [Range<Int>] = []
        for name in try Self.names(in: folder) {
            let range = Self.range(ofPart: name)
            if let range, wanted.contains(range) {
                if name.hasSuffix(".csv") { kept.append(range) }
            } else {
                unlink("\(folder)/\(name)")
            }
        }
        committed.withLock { $0[file] = kept }
    }

    /// Writes on what stood before the first record.
    func appendPrelude(_ bytes: UnsafeRawBufferPointer, ofFile file: Int) throws(Failure) {
        guard let path = paths[file], !bytes.isEmpty else { return }
        var output = try OutputFile(path: path, existing: .append)
        try output.write(bytes)
        try output.flush()
    }

    // MARK: Batches

    /// A place for a batch's rejects; what an earlier try left is gone.
    func part(of batch: Batch) throws(Failure) -> RejectPart {
        guard let path = paths[batch.file] else { return RejectPart(base: nil) }
        return RejectPart(base: "\(Self.parts(of: path))/\(Self.name(ofPart: batch.range))")
    }

    /// A place for those of a file's rejects that are found when all its batches are committed.
    func latePart(ofFile file: Int) throws(Failure) -> RejectPart {
        RejectPart(base: paths[file].map(Self.latePart))
    }

    /// They count.
    func keepLatePart(ofFile file: Int) {
        late.withLock { _ = $0.insert(file) }
    }

    /// The batch is committed: its part counts.
    func keep(_ range: Range<Int>, ofFile file: Int) {
        committed.withLock { $0[file].append(range) }
    }

    // MARK: End

    /// Puts the parts of committed batches together in the order of the source.
    func merge() throws(Failure) {
        let committed = committed.withLock { $0 }
        for (file, path) in paths.enumerated() {
            guard let path, hasRejects(file) else { continue }
            let start = Self.length(of: path)
            starts.withLock { $0[file] = start }
            let parts = committed[file].sorted { $0.lowerBound < $1.lowerBound }
                .map { "\(Self.parts(of: path))/\(Self.name(ofPart: $0))" }
            if late.withLock({ $0.contains(file) }) {
                try RejectMerge.merge(
                    parts, and: [Self.latePart(of: path)], into: path, log: Self.log(of: path))
                continue
            }
            try Self.merge(parts.map { $0 + ".csv" }, into: path)
            try Self.merge(parts.map { $0 + ".log" }, into: Self.log(of: path))
        }
    }

    private static func length(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Gives all that were merged to `handler`, file by file, in the order of the source.
    func handOver(to handler: RejectHandler) async throws {
        for (file, path) in paths.enumerated() {
            guard let path, hasRejects(file) else { continue }
            let start = starts.withLock { $0[file] }
            var reader = try RejectReader(path, log: Self.log(of: path), from: start)
            while let reject = try reader.next() {
                try Task.checkCancellation()
                try await handler.take(reject)
            }
        }
    }

    private func hasRejects(_ file: Int) -> Bool {
        committed.withLock { !$0[file].isEmpty } || late.withLock { $0.contains(file) }
    }

    private static func merge(_ parts: [String], into path: String) throws(Failure) {
        var output = try OutputFile(path: path, existing: .append)
        for part in parts { try output.append(fileAt: part) }
        try output.synchronize()
    }

    /// Takes the parts away, and files without a reject.
    ///
    /// - Returns: the reject files that stay, by input.
    @discardableResult
    func tidy() -> [String?] {
        paths.enumerated().map { file, path in
            guard let path else { return nil }
            Self.removeFolder(Self.parts(of: path))
            guard !hasRejects(file) || scratch != nil else { return path }
            unlink(path)
            unlink(Self.log(of: path))
            return nil
        }
    }

    /// Leaves all as it is, for a run that goes on.
    ///
    /// - Returns: the reject files, by input.
    func leave() -> [String?] {
        guard scratch != nil else { return paths }
        drop()
        return paths.map { _ in nil }
    }

    /// Takes everything away: nothing was committed.
    func drop() {
        committed.withLock { $0 = paths.map { _ in [] } }
        late.withLock { $0 = [] }
        tidy()
    }

    /// Takes away the parts that a run did not come to take away.
    func tidyLeftOver() -> [String?] {
        paths.map { path in
            guard let path else { return nil }
            Self.removeFolder(Self.parts(of: path))
            return access(path, F_OK) == 0 ? path : nil
        }
    }

    private static func removeFolder(_ folder: String) {
        for name in (try? names(in: folder)) ?? [] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    // MARK: Names

    static func log(of path: String) -> String { path + ".log" }

    private static func parts(of path: String) -> String { path + ".parts" }

    private static func latePart(of path: String) -> String { "\(parts(of: path))/late" }

    private static func name(ofPart range: Range<Int>) -> String {
        "\(range.lowerBound)-\(range.upperBound)"
    }

    /// `100-250.csv` → 100..<250; nil: that is no part.
    private static func range(ofPart name: String) -> Range<Int>? {
        guard name.hasSuffix(".csv") || name.hasSuffix(".log") else { return nil }
        let bounds = name.dropLast(4).split(separator: "-").map { Int($0) }
        guard bounds.count == 2, let start = bounds[0], let end = bounds[1], start <= end else {
            return nil
        }
        return start..<end
    }

    private static func names(in folder: String) throws(Failure) -> [String] {
        guard let directory = opendir(folder) else { throw .output(folder, .current) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

/// The rejects of one batch on their way to disk. Without a reject there is no file.
struct RejectPart: ~Copyable {
    /// Path without suffix; nil: nothing is kept.
    private let base: String?
    private var records: OutputFile?
    private var log: OutputFile?

    fileprivate init(base: String?) {
        self.base = base
        guard let base else { return }
        unlink(base + ".csv")
        unlink(base + ".log")
    }

    /// - Parameter bytes: the record as it came; nil: it was not held.
    mutating func append(
        _ reject: Reject, bytes: UnsafeRawBufferPointer?, lineEnd: LineEnd
    ) throws(Failure) {
        guard let base else { return }
        if records == nil {
            records = try OutputFile(path: base + ".csv", existing: .replace)
            log = try OutputFile(path: base + ".log", existing: .replace)
        }
        if let bytes {
            try records?.write(bytes)
            try endLine(behind: bytes, lineEnd)
        }
        try log?.write(reject.json + "\n")
    }

    private mutating func endLine(
        behind bytes: UnsafeRawBufferPointer, _ lineEnd: LineEnd
    ) throws(Failure) {
        let isEnded =
            bytes.last == UInt8(ascii: "\n")
            || lineEnd == .carriageReturn && bytes.last == UInt8(ascii: "\r")
        guard !isEnded else { return }
        try records?.write(lineEnd == .carriageReturn ? "\r" : "\n")
    }

    /// Puts all on disk.
    consuming func seal() throws(Failure) {
        try records?.synchronize()
        try log?.synchronize()
        if let base, records != nil { try Self.synchronizeFolder(of: base) }
    }

    /// The names must survive a crash, too.
    private static func synchronizeFolder(of path: String) throws(Failure) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .output(folder, .current) }
        fsync(descriptor)
        close(descriptor)
    }
}
