import SluiceCodec
import SluicePostgres
import SluiceTestSupport

/// Some values of one type, once through the encoder and once as text.
struct ValueRound: Sendable {
    /// What changes how a session reads times.
    struct Settings: Sendable, CustomStringConvertible {
        var timeZone: String
        var dateStyle: String
        var intervalStyle: String

        init(_ random: inout SeededRandom) {
            timeZone = random.pick(["UTC", "UTC", "America/St_Johns", "Asia/Kolkata"])
            dateStyle = random.pick(["ISO, MDY", "ISO, DMY", "German, DMY", "SQL, MDY", "ISO, YMD"])
            intervalStyle = random.pick([
                "postgres", "sql_standard", "iso_8601", "postgres_verbose",
            ])
        }

        var description: String { "\(timeZone), \(dateStyle), \(intervalStyle)" }
    }

    let pool: ValuePool
    let settings: Settings
    private let values: [ValuePool.Value]
    private let pieceLength: Int
    private let isAlwaysQuoted: Bool

    init(_ pool: ValuePool, count: Int, _ random: inout SeededRandom) {
        self.pool = pool
        settings = Settings(&random)
        let session = settings
        values = (0..<count).map { _ in pool.value(&random, isUTC: session.timeZone == "UTC") }
        pieceLength = random.pick([pool.leastPiece, 65_536, 262_144])
        isAlwaysQuoted = random.oneIn(2)
    }

    /// What is wrong; nil: nothing.
    func compare(on connection: isolated Connection) throws -> String? {
        _ = try connection.query("BEGIN")
        defer { connection.rollback() }
        _ = try connection.query(
            """
            SET LOCAL TimeZone = '\(settings.timeZone)'; SET LOCAL DateStyle = '\(settings.dateStyle)';
            SET LOCAL IntervalStyle = '\(settings.intervalStyle)'; SET LOCAL client_encoding = 'UTF8';
            CREATE TYPE pg_temp.mood AS ENUM (\(ValuePool.labelsSQL));
            CREATE DOMAIN pg_temp.price AS numeric(10,2);
            CREATE TEMP TABLE ours (id int, v \(pool.sqlType)) ON COMMIT DROP;
            CREATE TEMP TABLE theirs (LIKE ours) ON COMMIT DROP
            """)
        let encoded = try encode(for: try columnType(on: connection))
        if let unsure = encoded.unsure.first(where: { values[$0].isPlain }) {
            return "not sure of a plain value: \(values[unsure].bytes.escaped)"
        }
        do {
            _ = try connection.beginCopy("COPY ours FROM STDIN (FORMAT binary)")
            try encoded.bytes.withUnsafeBytes { try connection.put($0) }
            _ = try connection.finishCopy()
        } catch {
            return "binary refused: \(error)"
        }
        do {
            let unsure = Set(encoded.unsure)
            let sure = values.indices.filter { !unsure.contains($0) }
            _ = try connection.beginCopy("COPY theirs FROM STDIN")
            try copyText(sure).withUnsafeBytes { try connection.put($0) }
            _ = try connection.finishCopy()
        } catch {
            return "text refused: \(error)"
        }
        return try difference(on: connection)
    }

    /// The encoder's type, as the catalog has it.
    private func columnType(on connection: isolated Connection) throws -> BinaryType {
        let row = try connection.query(
            """
            SELECT coalesce(nullif(t.typbasetype, 0), t.oid)::text AS oid, t.typtype,
                   CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            WHERE a.attrelid = 'pg_temp.ours'::regclass AND a.attname = 'v'
            """)
        if row[row: 0, column: "typtype"] == "e" { return .enumeration(labels: ValuePool.labels) }
        let session = SessionTime(zoneIsUTC: settings.timeZone == "UTC", knowsAbbreviations: true)
        return BinaryType(
            oid: UInt32(row[row: 0, column: "oid"]!)!,
            typmod: Int32(row[row: 0, column: "typmod"]!)!, session: session)!
    }

    // MARK: Ours

    private func encode(for type: BinaryType) throws -> (bytes: [UInt8], unsure: [Int]) {
        var bytes: [UInt8] = []
        var records: [RecordBounds] = []
        for (index, value) in values.enumerated() {
            let start = UInt32(bytes.count)
            bytes += Array("\(index),".utf8)
            appendField(value.bytes, to: &bytes)
            records.append(RecordBounds(start: start, end: UInt32(bytes.count)))
            bytes.append(UInt8(ascii: "\n"))
        }
        var encoder = BinaryEncoder(
            layout: RecordLayout(
                dialect: Dialect(null: Array("\u{1}null".utf8)),
                fields: [FieldEncoding(), FieldEncoding()]),
            types: [.int4, type])
        var piece = [UInt8](repeating: 0, count: pieceLength)
        var (output, unsure): ([UInt8], [UInt32]) = ([], [])
        var isFinished = false
        while !isFinished {
            let written = records.withUnsafeBufferPointer { records in
                bytes.withUnsafeBytes { bytes in
                    piece.withUnsafeMutableBytes { piece in
                        let progress = encoder.encode(
                            records, of: bytes, into: piece, unsure: &unsure)
                        isFinished = progress.isFinished
                        return progress.written
                    }
                }
            }
            output += piece[..<written]
        }
        return (output, unsure.map(Int.init))
    }

    private func appendField(_ value: [UInt8], to bytes: inout [UInt8]) {
        let marks = Array(",\"\r\n".utf8)
        guard isAlwaysQuoted || value.contains(where: marks.contains) else {
            bytes += value
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in value {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    // MARK: Theirs

    private func copyText(_ indices: [Int]) -> [UInt8] {
        var text: [UInt8] = []
        for index in indices {
            text += Array("\(index)\t".utf8)
            for byte in values[index].bytes {
                switch byte {
                case UInt8(ascii: "\\"): text += Array("\\\\".utf8)
                case UInt8(ascii: "\n"): text += Array("\\n".utf8)
                case UInt8(ascii: "\r"): text += Array("\\r".utf8)
                case UInt8(ascii: "\t"): text += Array("\\t".utf8)
                default: text.append(byte)
                }
            }
            text.append(UInt8(ascii: "\n"))
        }
        return text
    }

    private func difference(on connection: isolated Connection) throws -> String? {
        let send = try connection.query(
            """
            SELECT typsend::text AS send, pg_catalog.format_type(oid, NULL) AS type
            FROM pg_catalog.pg_type WHERE oid = (
                SELECT coalesce(nullif(typbasetype, 0), oid) FROM pg_catalog.pg_type WHERE oid = (
                    SELECT atttypid FROM pg_catalog.pg_attribute
                    WHERE attrelid = 'pg_temp.ours'::regclass AND attname = 'v'))
            """)
        let (function, type) = (send[row: 0, column: "send"]!, send[row: 0, column: "type"]!)
        let rows = try connection.query(
            """
            SELECT id, ours.v::text AS ours, theirs.v::text AS theirs,
                   encode(\(function)(ours.v::\(type)), 'hex') AS ours_sent,
                   encode(\(function)(theirs.v::\(type)), 'hex') AS theirs_sent
            FROM ours FULL JOIN theirs USING (id)
            WHERE ours.v::text IS DISTINCT FROM theirs.v::text
               OR \(function)(ours.v::\(type)) IS DISTINCT FROM \(function)(theirs.v::\(type))
            ORDER BY id LIMIT 1
            """)
        guard let row = rows.rows.first, let id = row[0].flatMap({ Int($0) }) else { return nil }
        let texts = row.dropFirst().map { $0 ?? "NULL" }.joined(separator: " | ")
        return "\(values[id].bytes.escaped) is (ours, theirs, ours sent, theirs sent) \(texts)"
    }
}
