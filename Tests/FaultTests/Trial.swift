import Glibc
import SluiceTestSupport
import Testing

/// One file that is loaded again and again, while something goes wrong each time differently.
struct Trial: Sendable {
    let orders: Orders
    let seed: UInt64
    /// As the test looks at it, without what stands between it and the program.
    let database: Database
    /// As the program reaches it; empty: by the PG* variables.
    let reach: String
    let schema: String
    /// Whether a pooler keeps sessions that the program has left.
    let isPooled: Bool
    let folder = TemporaryFolder()

    /// Lends one whose tables are dropped afterwards.
    static func with<Value>(
        records: Int = 20_000, badIn: Int? = nil, on database: Database = .privateServer,
        reachedBy reach: String? = nil, isPooled: Bool = false,
        _ body: (Trial) async throws -> Value
    ) async throws -> Value {
        let seed = TestSettings.seed
        let trial = Trial(
            orders: Orders(seed: seed, records: records, badIn: badIn), seed: seed,
            database: database, reach: reach ?? database.conninfo,
            schema: "fault_\(UInt64.random(in: 0 ... .max))", isPooled: isPooled)
        try await trial.prepare()
        let result: Result<Value, any Error>
        do { result = .success(try await body(trial)) } catch { result = .failure(error) }
        // Where the server did not survive there is nothing to drop.
        _ = try await database.attempt("DROP SCHEMA \(trial.schema) CASCADE")
        return try result.get()
    }

    /// What the target has to be in the end comes through psql.
    private func prepare() async throws {
        try await database.query("CREATE SCHEMA \(schema)")
        try await database.query("CREATE TABLE \(schema).expected (\(Orders.columns))")
        _ = folder.file("orders.csv", orders.file)
        let path = folder.file("good.csv", orders.good)
        try await database.query("\\copy \(schema).expected FROM '\(path)' CSV HEADER")
    }

    /// Numbers that are the same whenever the seed is.
    func random(_ round: Int) -> SeededRandom {
        SeededRandom(seed: seed &+ UInt64(round) &* 7_919)
    }

    enum Kind: String { case logged = "", unlogged = "UNLOGGED" }

    /// Makes an empty table and a folder for a round.
    ///
    /// - Parameter pause: how long each COPY takes at least, so that the load lasts, whatever the
    ///   machine.
    func round(
        _ number: Int, pause: Duration = .milliseconds(20), _ kind: Kind = .logged,
        tablespace: String = "pg_default"
    ) async throws -> Round {
        let table = "\(schema).orders_\(number)"
        try await database.query(
            """
            CREATE \(kind.rawValue) TABLE \(table) (\(Orders.columns)) TABLESPACE \(tablespace);
            CREATE FUNCTION \(table)_pause() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                -- Sorting out a batch's records one by one is not to take minutes.
                IF pg_catalog.current_query() LIKE '%FROM STDIN%' THEN
                    PERFORM pg_catalog.pg_sleep(\(pause / .seconds(1)));
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER pause BEFORE INSERT ON \(table) EXECUTE FUNCTION \(table)_pause()
            """)
        let path = folder.folder("round-\(number)")
        try #require(link(folder / "orders.csv", path + "/orders.csv") == 0)
        return Round(trial: self, number: number, table: table, folder: path)
    }
}

/// One of a trial's tables.
struct Round: Sendable, CustomStringConvertible {
    let trial: Trial
    let number: Int
    let table: String
    let folder: String

    var description: String { "seed \(trial.seed), round \(number), table \(table)" }

    /// - Parameter reach: another way to the server than the trial's.
    func command(_ flags: [String], reachedBy reach: String? = nil) -> [String] {
        let reach = reach ?? trial.reach
        return [Program.path, "import", "-t", table, "--report", "json", "--batch-bytes", "32kB"]
            + (reach.isEmpty ? [] : ["-d", reach]) + flags + ["orders.csv"]
    }

    func start(
        _ flags: [String], reachedBy reach: String? = nil, output: Int32? = nil,
        options: String? = nil
    ) throws -> RunningImport {
        var environment = Environment.current
        environment["PGOPTIONS"] = options
        return RunningImport(
            try ChildProcess(
                command(flags, reachedBy: reach), in: folder, environment: environment,
                output: output))
    }

    func run(
        _ flags: [String], reachedBy reach: String? = nil, options: String? = nil,
        within limit: Duration = .seconds(60)
    ) async throws -> ImportEnd {
        try await start(flags, reachedBy: reach, options: options).end(within: limit)
    }

    /// How many rows of it are committed.
    func count() async throws -> Int {
        try #require(Int(try await trial.database.query("SELECT count(*) FROM \(table)")))
    }

    /// Waits until the first rows are committed.
    func awaitFirstRows() async throws {
        let areThere = try await becomesTrue(within: .seconds(30)) { try await count() > 0 }
        try #require(areThere, "no row was committed in time: \(self)")
    }
}

struct RunningImport: Sendable {
    let process: ChildProcess
    private let started = ContinuousClock.now

    init(_ process: ChildProcess) {
        self.process = process
    }

    func end(within limit: Duration = .seconds(60)) async -> ImportEnd {
        let end = await process.end(within: limit)
        return ImportEnd(end: end, duration: started.duration(to: .now))
    }
}
