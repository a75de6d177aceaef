import Sluice
import SluicePostgres
import SluiceTestSupport

/// A file as the server judges it, record by record, each alone and after those before it.
struct JudgedFile {
    let file: DirtyFile
    let columns: [String]

    struct Verdict: Sendable {
        let entry: OracleEntry
        /// What the log's line has.
        let parts: [String]
    }

    /// - Returns: the records that are not loaded, in order.
    func run(into table: String, _ scratch: Scratch) async throws -> [Verdict] {
        let list = columns.joined(separator: ", ")
        return try await scratch.pool.withConnection { connection in
            connection.lookForErrorsAtEndOnly()
            _ = try connection.query("BEGIN; SET CONSTRAINTS ALL IMMEDIATE")
            var verdicts: [Verdict] = []
            for (index, entry) in file.entries.enumerated() {
                let place = place(of: entry, number: index + 1)
                switch entry {
                case .reject:
                    verdicts.append(Verdict(entry: entry, parts: place + Self.shape))
                case .record(_, _, _, let fields):
                    let refusal = try refusal(
                        of: text(fields), "COPY \(table) (\(list)) FROM STDIN", connection)
                    guard let refusal else { continue }
                    verdicts.append(Verdict(entry: entry, parts: place + Self.parts(refusal)))
                }
            }
            try connection.commit()
            return verdicts
        }
    }

    // MARK: What the log is to say

    private static let shape = ["\"kind\":\"shape\",", "\"sqlstate\":\"22P04\""]

    private func place(of entry: OracleEntry, number: Int) -> [String] {
        let raw = file.raw(entry)
        let line =
            switch entry {
            case .record(_, _, let line, _), .reject(_, _, let line, _, _, _): line
            }
        var parts = [
            "\"line\":\(line),", "\"record\":\(number),", "\"byte_offset\":\(raw.startIndex),",
            "\"bytes\":\(raw.count),",
        ]
        if case .reject(_, _, _, _, _, omitted: true) = entry {
            parts.append("\"omitted\":true")
        } else if !raw.contains(0x0D) {
            let lineEnds = raw.count { $0 == 0x0A } - (raw.last == 0x0A ? 1 : 0)
            parts.append("\"end_line\":\(line + lineEnds),")
        }
        return parts
    }

    private static func parts(_ refusal: ServerDiagnostics) -> [String] {
        let message = JSON.string(refusal.message).text
        var parts = [
            "\"sqlstate\":\"\(refusal.sqlState)\"", "\"message\":\(message)",
            "\"constraint\":\(JSON(refusal.constraintName).text)",
        ]
        // Of an index, the detail names the row's place in the table.
        if refusal.sqlState.code != "54000" {
            parts.append("\"detail\":\(JSON(refusal.detail).text)")
        }
        return parts
    }

    // MARK: The server

    /// A record as COPY's text.
    private func text(_ fields: [OracleField]) -> [UInt8] {
        let values = fields.map { field -> [UInt8] in
            guard let value = field.value(null: file.dialect.null) else { return [0x5C, 0x4E] }
            return value.flatMap { byte -> [UInt8] in
                switch byte {
                case 0x5C: [0x5C, 0x5C]
                case 0x09: [0x5C, 0x74]
                case 0x0A: [0x5C, 0x6E]
                case 0x0D: [0x5C, 0x72]
                default: [byte]
                }
            }
        }
        return values.joined(separator: [0x09]) + [0x0A]
    }

    private func refusal(
        of record: [UInt8], _ copy: String, _ connection: isolated Connection
    ) throws -> ServerDiagnostics? {
        do throws(PostgresError) {
            _ = try connection.beginCopy("SAVEPOINT s; \(copy)")
            try put(record, connection)
            _ = try connection.finishCopy()
            _ = try connection.query("RELEASE SAVEPOINT s")
            return nil
        } catch {
            guard case .server(let diagnostics) = error else { throw error }
            _ = try connection.query("ROLLBACK TO SAVEPOINT s; RELEASE SAVEPOINT s")
            return diagnostics
        }
    }

    private func put(
        _ record: [UInt8], _ connection: isolated Connection
    ) throws(PostgresError) {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: record.count, alignment: 1)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: record)
        try connection.put(UnsafeRawBufferPointer(bytes))
    }
}
