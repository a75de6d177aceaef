import Foundation
import Testing

/// Small hostile files with the wanted outcome, where a folder with them is named: they are not
/// part of the project.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(
        if: TestDatabase.canRun && Pathology.folder != nil, "PGSLUICE_TEST_PATHOLOGIES is unset"))
struct PathologyTests {
    @Test(arguments: Pathology.all)
    func `a pathology ends as a careful importer ends it`(_ pathology: Pathology) async throws {
        let database = try TestDatabase()
        let columns = pathology.table.map { "\(Pathology.quoted($0[0])) \($0[1])" }
        let table = try database.table("held", columns.joined(separator: ", "))
        let path = try #require(Pathology.folder).appending(component: pathology.file).path
        let ended = try await Workdir().run(
            ["import", "-t", table, "--on-error", "reject", "--report", "json"] + pathology.flags
                + [path], environment: .withServer)
        let rows = try rows(of: table, pathology, database)
        if pathology.want.outcome == "refuse" {
            #expect(![0, 3, 70].contains(ended.status) && !ended.isKilled, "\(ended)")
            #expect(!ended.error.isEmpty && rows.isEmpty, "\(ended)")
        } else {
            let rejects = pathology.want.rejects ?? 0
            #expect(ended.status == (rejects == 0 ? 0 : 3), "\(ended)")
            #expect(ended.output.contains("\"rows_rejected\":\(rejects),"), "\(ended)")
            if let wanted = pathology.want.rows { #expect(rows == Set(wanted), "\(ended)") }
        }
    }

    private func rows(
        of table: String, _ pathology: Pathology, _ database: TestDatabase
    ) throws -> Set<[String?]> {
        let values = pathology.table.map { "\(Pathology.quoted($0[0]))::text" }
        let json = try database.query(
            "SELECT coalesce(json_agg(json_build_array(\(values.joined(separator: ",")))), '[]') "
                + "FROM \(table)")
        return Set(try JSONDecoder().decode([[String?]].self, from: Data(json.utf8)))
    }
}

/// A case of the folder's `manifest.json`.
struct Pathology: Decodable, Sendable, CustomTestStringConvertible {
    struct Outcome: Decodable {
        var outcome: String
        var rows: [[String?]]?
        var rejects: Int?
    }

    var id: String
    var file: String
    var table: [[String]]
    var header: Bool
    /// Options of COPY that the file needs.
    var copy: String
    var want: Outcome

    var testDescription: String { id }

    static let folder = ProcessInfo.processInfo.environment["PGSLUICE_TEST_PATHOLOGIES"]
        .map { URL(filePath: $0) }

    /// Those that need no other encoding than UTF-8.
    static let all: [Pathology] = {
        guard let folder,
            let manifest = try? Data(contentsOf: folder.appending(component: "manifest.json")),
            let cases = try? JSONDecoder().decode([Pathology].self, from: manifest)
        else { return [] }
        return cases.filter { item in
            !item.copy.contains("ENCODING") && item.id != "enc_utf16le_bom"
        }
    }()

    static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }

    var flags: [String] {
        var flags = header ? [] : ["--no-header"]
        if copy.contains(#"QUOTE E'\x01'"#) { flags += ["--quoting", "none"] }
        flags += option("DELIMITER", "--delimiter") + option("ESCAPE", "--escape")
        return flags
    }

    /// `DELIMITER E'\t'` and the like: what stands between the quotes is the flag's value.
    private func option(_ name: String, _ flag: String) -> [String] {
        guard let start = copy.range(of: "\(name) ") else { return [] }
        let value = copy[start.upperBound...].drop { $0 != "'" }.dropFirst().prefix { $0 != "'" }
        return [flag, String(value)]
    }
}
