import Glibc
import Sluice
import SluiceCodec
import SluiceCore
import SluiceTestSupport
import Testing

/// Real files, where a folder with them is named: they are not part of the project.
@Suite(
    "Differential: real data", .serialized,
    .enabled(if: PrivateServer.isWanted && RealFile.folder != nil, "PGSLUICE_TEST_DATA is unset"))
struct RealDataTests {
    @Test("a real file loads as by COPY, in both lanes", arguments: RealFile.all, [true, false])
    func load(_ file: RealFile, usesBinaryLane: Bool) async throws {
        let folder = try #require(RealFile.folder)
        let path = "\(folder)/\(file.name).csv"
        try await Scratch.with("real") { scratch in
            for table in ["real.theirs", "real.ours"] {
                try await scratch.query("CREATE TABLE \(table) (\(file.columns))")
            }
            let copied = try await scratch.copy(
                contents(path), into: "real.theirs", options: file.copyOptions)
            var configuration = ImportConfiguration()
            configuration.csv.dialect.null = Array(file.null.utf8)
            configuration.load.jobs = 2
            configuration.load.usesBinaryLane = usesBinaryLane
            configuration.load.batchBytes = .kibibytes(300)
            let report = try await Importer(configuration)
                .run(.files([path]), into: TableName("real.ours"))
            #expect(report.counts.rowsLoaded == copied)
            #expect(usesBinaryLane == (report.counts.rowsInBinary > copied / 2))
            let differences = try await scratch.differences("real.theirs", "real.ours")
            #expect(differences == "0")
        }
    }

    private func contents(_ path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "re"), "\(path) can't be read")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
            bytes += chunk[..<count]
        }
        return bytes
    }
}

struct RealFile: Sendable, CustomTestStringConvertible {
    static let folder = getenv("PGSLUICE_TEST_DATA").map { String(cString: $0) }

    var name: String
    var columns: String
    var null = ""

    var copyOptions: String { "FORMAT csv, HEADER true, NULL '\(null)'" }
    var testDescription: String { name }

    static let all = [
        RealFile(
            name: "flights",
            columns: """
                year int, month int, day int, dep_time int, sched_dep_time int, dep_delay int,
                arr_time int, sched_arr_time int, arr_delay int, carrier text, flight int,
                tailnum text, origin char(3), dest char(3), air_time int, distance int,
                hour smallint, minute smallint, time_hour timestamptz
                """, null: "NA"),
        RealFile(
            name: "runways",
            columns: """
                id int, airport_ref int, airport_ident varchar(10), length_ft int, width_ft int,
                surface text, lighted int, closed int, le_ident text,
                le_latitude_deg numeric, le_longitude_deg double precision, le_elevation_ft int,
                "le_heading_degT" real, le_displaced_threshold_ft int, he_ident text,
                he_latitude_deg numeric, he_longitude_deg double precision, he_elevation_ft int,
                "he_heading_degT" real, he_displaced_threshold_ft int
                """),
        RealFile(
            name: "artists",
            columns: """
                id int, name text, gender text, dates text, "yearOfBirth" int, "yearOfDeath" int,
                "placeOfBirth" text, "placeOfDeath" text, url text
                """),
        RealFile(
            name: "tweets",
            columns: """
                created_at timestamp, emojis bool, id bigint, link text, retweeted bool,
                screen_name text, text text
                """),
    ]
}
