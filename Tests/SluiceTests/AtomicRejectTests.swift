import Glibc
import Sluice
import SluiceCodec
import SluiceCore
import SluiceTestSupport
import Testing

/// All or nothing, but for the records that are left out: also those that only the table refuses.
@Suite(
    "Atomic rejects", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: PrivateServer.isWanted))
struct AtomicRejectTests {
    /// Refuses by key, check, foreign key, deferred foreign key and trigger.
    private static let columns = """
        (id int PRIMARY KEY, amount numeric(8,2) CHECK (amount < 1000), parent int, late int,
        note varchar(40))
        """

    private func withTable(_ body: (AtomicTable) async throws -> Void) async throws {
        try await AtomicTable.with(Self.columns) { table in
            try await table.server.query(
                """
                CREATE TABLE \(table.schema).parents AS SELECT generate_series(1, 50) AS id;
                ALTER TABLE \(table.schema).parents ADD PRIMARY KEY (id);
                ALTER TABLE \(table.name)
                    ADD FOREIGN KEY (parent) REFERENCES \(table.schema).parents,
                    ADD FOREIGN KEY (late) REFERENCES \(table.schema).parents
                        DEFERRABLE INITIALLY DEFERRED
                """)
            try await table.addTrigger(
                "BEFORE INSERT",
                """
                IF NEW.note = 'raise' THEN RAISE 'not this'; END IF;
                IF NEW.note = 'drop' THEN RETURN NULL; END IF;
                RETURN NEW;
                """)
            try await body(table)
        }
    }

    /// - Parameter badIn: one in so many is refused, by the file or by the table.
    private static func records(
        _ count: Int, badIn: Int, lineEnd: String, _ random: inout SeededRandom
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        for id in 1...count {
            let parent = random.number(in: 1...50)
            let good = "\(id),\(random.number(in: 1...999)).5,\(parent),\(parent),"
            let bad: [[UInt8]] = [
                Array("\(id),1,too,2,many,fields".utf8), Array("\(id),12;5,1,1,value".utf8),
                Array("\(id),1,1,1,".utf8) + [0xC3, 0x28],
                Array("\(max(1, id - 1)),1,1,1,key".utf8),
                Array("\(id),5000,1,1,\"check\nof two lines\"".utf8),
                Array("\(id),1,99,1,parent".utf8), Array("\(id),1,1,99,late".utf8),
                Array("\(id),1,1,1,raise".utf8),
            ]
            let note = random.pick(["plain", "\"a \"\"quote\"\"\"", "\"two\nlines\"", "", "drop"])
            bytes += random.oneIn(badIn) ? random.pick(bad) : Array((good + note).utf8)
            if id < count { bytes += Array(lineEnd.utf8) }
        }
        return bytes
    }

    /// What an import has left in files and table.
    private struct Outcome: Equatable {
        var files: [String: String]
        var rows: String
        var counts: [[Int]]
    }

    private func outcome(_ load: Load, _ table: AtomicTable, _ folder: String) async throws
        -> Outcome
    {
        let inputs = load.report.files.map(\.path)
        var files: [String: String] = [:]
        for input in inputs {
            let name = String(input.split(separator: "/").last ?? "") + ".rejects.csv"
            for name in [name, name + ".log", name + ".parts"] {
                files[name] = Self.text("\(folder)/\(name)")
            }
        }
        return Outcome(
            files: files, rows: try await table.rows("SELECT * FROM \(table.name) ORDER BY id"),
            counts: load.report.files.map {
                [
                    $0.counts.recordsRead, $0.counts.rowsLoaded, $0.counts.rowsRejected,
                    $0.counts.rowsSkipped, $0.counts.recordsUnloaded,
                ]
            })
    }

    private static func text(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
        return bytes.escaped
    }

    @Test(arguments: [2, 20, 400], ["\n", "\r\n"])
    func `table, rejects, reasons and counts are those of one connection without it`(
        badIn: Int, lineEnd: String
    ) async throws {
        var random = SeededRandom(seed: TestSettings.seed)
        try await withTable { table in
            for round in 1...3 {
                let header = "id,amount,parent,late,note" + lineEnd
                let bytes = Self.records(1_500, badIn: badIn, lineEnd: lineEnd, &random)
                let input = table.folder.file("in-\(round).csv", Array(header.utf8) + bytes)
                var outcomes: [Outcome] = []
                for isAtomic in [false, true] {
                    let folder = table.folder.folder("\(round)-\(isAtomic)")
                    try await table.server.query("TRUNCATE \(table.name)")
                    let load = try await table.load([input]) {
                        $0.load.atomic = isAtomic
                        $0.load.jobs = isAtomic ? 3 : 1
                        $0.errors.policy = .reject
                        $0.errors.rejects = .directory(folder)
                    }
                    #expect(load.error == nil)
                    outcomes.append(try await outcome(load, table, folder))
                }
                let seed = TestSettings.seed
                #expect(outcomes[0].files == outcomes[1].files, "seed \(seed), round \(round)")
                #expect(outcomes[0].rows == outcomes[1].rows, "seed \(seed), round \(round)")
                #expect(outcomes[0].counts == outcomes[1].counts, "seed \(seed), round \(round)")
            }
            try await table.expectClean()
        }
    }

    @Test func `several files keep their own rejects, and one without any has no file`()
        async throws
    {
        try await withTable { table in
            let folder = table.folder.folder("rejects")
            let files = [
                table.folder.file("a.csv", "id,note\n1,a\n2,b\n1,again\n"),
                table.folder.file("b.csv", "note,id\nc,3\n"),
                table.folder.file("c.csv", "\u{FEFF}# hello\namount,id\n1,2\n,x\n5000,4\n1,5"),
            ]
            let load = try await table.load(files) {
                $0.csv.dialect.comment = UInt8(ascii: "#")
                $0.errors.policy = .reject
                $0.errors.rejects = .directory(folder)
            }
            #expect(load.error == nil)
            #expect(load.report.files.map(\.counts.rowsRejected) == [1, 0, 3])
            #expect(load.report.files.map { $0.rejects != nil } == [true, false, true])
            #expect(Self.text(folder + "/a.csv.rejects.csv") == "id,note\n1,again\n".escapedText)
            #expect(Self.text(folder + "/b.csv.rejects.csv") == nil)
            #expect(
                Self.text(folder + "/c.csv.rejects.csv")
                    == "# hello\namount,id\n1,2\n,x\n5000,4\n".escapedText)
            #expect(try await table.count() == 4)
            try await table.expectClean()
        }
    }

    @Test func `a file without a header, whose last record the table refuses`() async throws {
        try await withTable { table in
            let folder = table.folder.folder("rejects")
            let good = (1...900).map { "\($0),1,1,1,n\n" }.joined()
            let input = table.folder.file("in.csv", good + "x,1,1,1,\n5,1,1,1,again")
            let load = try await table.load([input]) {
                $0.csv.hasHeader = false
                $0.errors.policy = .reject
                $0.errors.rejects = .directory(folder)
            }
            #expect(load.error == nil)
            #expect(
                Self.text(folder + "/in.csv.rejects.csv")
                    == "x,1,1,1,\n5,1,1,1,again\n".escapedText)
            #expect(try await table.count() == 900)
        }
    }

    // MARK: Limits

    struct Limit: Sendable {
        let limit: Int?
        let ratio: Double?
        let fails: Bool
    }

    @Test(arguments: [
        Limit(limit: 19, ratio: nil, fails: true), Limit(limit: 20, ratio: nil, fails: false),
        Limit(limit: nil, ratio: 0.0099, fails: true),
        Limit(limit: nil, ratio: 0.01, fails: false),
    ])
    func `limits count what the file and what the table refuses`(limit: Limit) async throws {
        try await withTable { table in
            let folder = table.folder.folder("rejects")
            let lines = (1...2_000).map { id in
                id % 200 == 7
                    ? "\(id),x,1,1,\n"
                    : id % 200 == 9
                        ? "\(id),1,99,1,\n"
                        : "\(id),1,1,1,\n"
            }
            let header = "id,amount,parent,late,note\n"
            let input = table.folder.file("in.csv", header + lines.joined())
            let load = try await table.load([input]) {
                $0.errors.policy = .reject
                $0.errors.rejects = .directory(folder)
                $0.errors.rejectLimit = limit.limit
                $0.errors.rejectRatio = limit.ratio
            }
            if limit.fails {
                try await table.expectNothing(load, sqlState: String?.none)
                #expect(Self.text(folder + "/in.csv.rejects.csv") == nil)
                #expect(access(folder + "/in.csv.rejects.csv.parts", F_OK) != 0)
            } else {
                #expect(load.error == nil)
                #expect(load.counts.rowsRejected == 20)
                try await table.expectClean()
            }
        }
    }

    @Test func `a file whose first thousand records the table refuses ends it`() async throws {
        try await withTable { table in
            let text = "id,note\n" + (1...3_000).map { "\($0),raise\n" }.joined()
            let load = try await table.load(text) {
                $0.errors.policy = .reject
                $0.errors.rejects = .none
            }
            #expect(load.error?.message.contains("the first 1000 records") == true)
            try await table.expectNothing(load, sqlState: String?.none)
        }
    }

    @Test func `a stream is refused: its rejects can't be read again`() async throws {
        let load = try await Load.run("id\n1\n", into: "nowhere") {
            $0.load.atomic = true
            $0.errors.policy = .reject
        }
        #expect(load.code == .usage)
        #expect(load.error?.message.contains("text can be read only once") == true)
    }

    // MARK: Under stop

    @Test(arguments: [
        "3,1,1,1,key", "9000,5000,1,1,check", "9000,1,99,1,parent", "9000,1,1,1,raise",
    ])
    func `under stop the record that the table refuses is named`(record: String) async throws {
        try await withTable { table in
            let header = "id,amount,parent,late,note\n"
            let good = (1...4_000).map { "\($0),1,1,1,\"two\nlines\"\n" }
            let text =
                header + good[..<2_500].joined() + record + "\n" + good[2_500...].joined()
            let load = try await table.load(text)
            let location = load.report.error?.location
            #expect(location?.line == 5_002)
            #expect(location?.record == 2_501)
            #expect(load.error?.record == record)
            #expect(load.code == .data)
            #expect(try await table.count() == 0)
            let stream = try await table.load(.bytes([Array(text.utf8)].async, name: "stream"))
            #expect(stream.report.error?.location?.byteOffset == location?.byteOffset)
            #expect(try await table.count() == 0)
            try await table.expectClean()
        }
    }
}

extension String {
    fileprivate var escapedText: String { Array(utf8).escaped }
}
