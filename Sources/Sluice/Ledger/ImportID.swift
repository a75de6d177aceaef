import Glibc
import SluiceCore

/// The name of an import in the ledger.
enum ImportID {
    /// The name of an import that was given none: 16 hex digits that the same command always gets.
    ///
    /// - Parameters:
    ///   - table: `Target.sql`.
    ///   - sources: paths of files; those that are relative begin in the current folder.
    ///   - dialect: `DialectText`.
    static func `default`(table: String, sources: [String], dialect: String) -> String {
        var accumulator = Digest128.Accumulator()
        for text in [table, dialect] + sources.map(absolute) {
            // Its length first, so that no two lists run into one text.
            withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { accumulator.add($0) }
            var text = text
            text.withUTF8 { accumulator.add(UnsafeRawBufferPointer($0)) }
        }
        return String(accumulator.digest.description.prefix(16))
    }

    /// Without `.` and doubled slashes. Links stay: one that is moved on leads to the next import's
    /// content, not to another import.
    private static func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : currentFolder + "/" + path
        return "/" + whole.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    private static var currentFolder: String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }
}
