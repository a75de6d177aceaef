import SluiceCore

/// Puts the rejects of two rows of parts into one file and one log, in the order of the source.
enum RejectMerge {
    /// - Parameters:
    ///   - left: paths without suffix; each row is in order.
    ///   - path: of the file.
    static func merge(
        _ left: [String], and right: [String], into path: String, log logPath: String
    ) throws(Failure) {
        var records = try OutputFile(path: path, existing: .append)
        var log = try OutputFile(path: logPath, existing: .append)
        let (left, right) = (try RejectParts(left), try RejectParts(right))
        while left.next != nil || right.next != nil {
            let isLeft = (left.next?.offset ?? .max) < (right.next?.offset ?? .max)
            try (isLeft ? left : right).moveNext(to: &records, &log)
        }
        try records.synchronize()
        try log.synchronize()
    }
}

/// The rejects of some parts, one after the other.
private final class RejectParts {
    private var rest: ArraySlice<String>
    private var records: InputBytes?
    private var log: InputBytes?
    private(set) var next: Entry?
    /// The line behind it in the same log.
    private var following: [UInt8]?

    struct Entry {
        let line: [UInt8]
        let offset: Int
        /// How many bytes there are of it.
        let byteCount: Int

        /// Reads a line of a log. In a text of its own a quote stands behind a backslash.
        init(_ line: [UInt8]) {
            self.line = line
            offset = Self.number(behind: "\"byte_offset\":", in: line)
            let isOmitted = line.firstRange(of: Array("\"omitted\":true".utf8)) != nil
            byteCount = isOmitted ? 0 : Self.number(behind: "\"bytes\":", in: line)
        }

        private static func number(behind key: String, in line: [UInt8]) -> Int {
            guard let found = line.firstRange(of: Array(key.utf8)) else { return 0 }
            let digits = line[found.upperBound...].prefix { (0x30...0x39).contains($0) }
            return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
    }

    init(_ parts: [String]) throws(Failure) {
        rest = parts[...]
        try openPart()
    }

    private func openPart() throws(Failure) {
        next = nil
        while next == nil, let base = rest.popFirst() {
            records = try InputBytes(path: base + ".csv")
            log = try InputBytes(path: base + ".log")
            next = try log?.line().map(Entry.init)
            following = try log?.line()
        }
    }

    func moveNext(
        to records: inout OutputFile, _ log: inout OutputFile
    ) throws(Failure) {
        guard let entry = next else { return }
        try log.write(entry.line[...])
        try log.write("\n")
        // The input's last record may have been given its line end.
        try self.records?.move(following == nil ? .max : entry.byteCount, to: &records)
        guard let line = following else { return try openPart() }
        next = Entry(line)
        following = try self.log?.line()
    }
}
