import SluiceTestSupport
import Testing

/// Which of the server's errors are tried again, and which end an import.
@Suite(.serialized, .timeLimit(.minutes(60)), .server, .needs("--retry-timeout"))
struct RetryListTests {
    private static let passing = ["40001", "40P01", "55P03", "53300", "53200", "53100"]

    @Test(arguments: passing)
    func `an error that passes is tried again`(sqlState: String) async throws {
        try await expectRetried(sqlState, [])
    }

    /// Or a full disk would reject every record.
    @Test(.needs("--rejects"), arguments: passing)
    func `an error that passes rejects no record`(sqlState: String) async throws {
        try await expectRetried(sqlState, ["--on-error", "reject", "--rejects", "bad.csv"])
    }

    private func expectRetried(_ sqlState: String, _ flags: [String]) async throws {
        try await Trial.with(records: 1_500) { trial in
            let round = try await trial.round(1, pause: .zero)
            try await round.raise(sqlState, times: 2)
            let end = try await round.run(["--jobs", "1", "--retry-timeout", "60s"] + flags)
            try await round.expectComplete([end], sqlState)
            #expect(end.report?.retries ?? 0 >= 2, "\(round): \(sqlState): \(end)")
        }
    }

    @Test(
        arguments: [
            ("57014", 69), ("42501", 77), ("42883", 65), ("25006", 69), ("58030", 69),
        ] as [(String, Int32)])
    func `an error that stays is not tried again`(sqlState: String, status: Int32) async throws {
        try await Trial.with(records: 1_500) { trial in
            let round = try await trial.round(1, pause: .zero)
            try await round.raise(sqlState, times: 1_000)
            let end = try await round.run(["--jobs", "1", "--retry-timeout", "60s"])
            try await round.expectHonest(end, statuses: [status], sqlState)
            #expect(end.report?.retries == 0, "\(round): \(sqlState): \(end)")
        }
    }

    @Test func `an error that passes too late ends the import in time`() async throws {
        try await Trial.with(records: 1_500) { trial in
            let round = try await trial.round(1, pause: .zero)
            try await round.raise("40001", times: 1_000_000)
            let end = try await round.run(["--jobs", "1", "--retry-timeout", "2s"])
            try await round.expectHonest(end, statuses: [69])
            #expect(end.duration < .seconds(10), "\(round): \(end)")
        }
    }

    // MARK: Real ones

    @Test func `the victim of a deadlock tries again`() async throws {
        try await Trial.with(records: 1_500) { trial in
            let round = try await trial.round(1, pause: .zero)
            try await trial.database.query(
                """
                CREATE TABLE \(trial.schema).locks AS SELECT i FROM generate_series(1, 2) i;
                CREATE FUNCTION \(trial.schema).lock() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    PERFORM 1 FROM \(trial.schema).locks WHERE i = 1 FOR UPDATE;
                    PERFORM 1 FROM \(trial.schema).locks WHERE i = 2 FOR UPDATE;
                    RETURN NULL;
                END $$;
                CREATE TRIGGER lock BEFORE INSERT ON \(round.table)
                EXECUTE FUNCTION \(trial.schema).lock()
                """)
            let rival = try trial.database.start(rivalScript(trial.schema))
            try await awaitSleep()
            let end = try await round.run(["--jobs", "1", "--retry-timeout", "60s"])
            let rivalEnd = await rival.end()
            #expect(rivalEnd.status == 0, "the importer was to be the victim: \(rivalEnd)")
            try await round.expectComplete([end])
            #expect(end.report?.retries ?? 0 >= 1, "\(round): \(end)")
        }
    }

    /// Takes the second lock, and the first once the importer waits; leaves it to the importer to
    /// find the deadlock.
    private func rivalScript(_ schema: String) -> String {
        """
        SET deadlock_timeout = '60s';
        DO $$ BEGIN
            PERFORM 1 FROM \(schema).locks WHERE i = 2 FOR UPDATE;
            LOOP
                PERFORM pg_sleep(0.02);
                PERFORM pg_stat_clear_snapshot();
                EXIT WHEN EXISTS (
                    SELECT FROM pg_stat_activity
                    WHERE application_name = 'pgsluice' AND wait_event_type = 'Lock');
            END LOOP;
            PERFORM 1 FROM \(schema).locks WHERE i = 1 FOR UPDATE;
        END $$
        """
    }

    /// Until a psql session sleeps, which it does once it has what it wants.
    private func awaitSleep() async throws {
        let sleeps = try await becomesTrue {
            try await Database.privateServer.query(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE application_name = 'psql' AND wait_event = 'PgSleep'
                """) != "0"
        }
        try #require(sleeps, "the other session did not get ready")
    }

    @Test func `a lock that is not to be had for a while is waited for`() async throws {
        try await Trial.with(records: 1_500) { trial in
            let round = try await trial.round(1, pause: .zero)
            let holder = try trial.database.start(
                "BEGIN; LOCK TABLE \(round.table) IN SHARE MODE; SELECT pg_sleep(2); COMMIT")
            try await awaitSleep()
            let end = try await round.run(
                ["--jobs", "1", "--retry-timeout", "60s"], options: "-c lock_timeout=200ms")
            _ = await holder.end()
            try await round.expectComplete([end])
            #expect(end.report?.retries ?? 0 >= 1, "\(round): \(end)")
        }
    }

    @Test func `a server without a free connection is asked again`() async throws {
        try await Trial.with(records: 1_500) { trial in
            let round = try await trial.round(1, pause: .zero)
            let role = "limited_\(UInt32.random(in: 0 ... .max))"
            try await trial.database.query(
                """
                CREATE ROLE \(role) LOGIN CONNECTION LIMIT 2;
                GRANT USAGE ON SCHEMA \(trial.schema) TO \(role);
                GRANT ALL ON ALL TABLES IN SCHEMA \(trial.schema) TO \(role)
                """)
            let reach = "user=\(role) dbname=sluice"
            let holders = try (1...2).map { _ in try Database(reach).start("SELECT pg_sleep(2)") }
            try await awaitSleep()
            let end = try await round.run(
                ["--jobs", "1", "--retry-timeout", "60s"], reachedBy: reach)
            for holder in holders { _ = await holder.end() }
            try await round.expectComplete([end])
            try await trial.database.query("DROP OWNED BY \(role); DROP ROLE \(role)")
        }
    }

    @Test func `a statement timeout is the user's wish`() async throws {
        try await Trial.with(records: 1_500) { trial in
            let round = try await trial.round(1, pause: .seconds(2))
            let end = try await round.run(
                ["--jobs", "1", "--retry-timeout", "60s"], options: "-c statement_timeout=200ms")
            try await round.expectHonest(end, statuses: [69])
            #expect(end.report?.retries == 0, "\(round): \(end)")
        }
    }
}

extension Round {
    /// Makes the table's next COPYs fail; a sequence forgets nothing when they are rolled back.
    fileprivate func raise(_ sqlState: String, times: Int) async throws {
        try await trial.database.query(
            """
            CREATE SEQUENCE \(table)_tries;
            CREATE FUNCTION \(table)_raise() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('\(table)_tries') <= \(times) THEN
                    RAISE EXCEPTION 'raised by the test' USING ERRCODE = '\(sqlState)';
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER raise BEFORE INSERT ON \(table) EXECUTE FUNCTION \(table)_raise()
            """)
    }
}
