import Sluice
import SluiceCore
import SluiceTestSupport
import Testing

/// A notice that comes in two parts looks like an error. Records that are sorted are not sent again
/// for it.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: PrivateServer.isWanted))
struct FalseAlarmTests {
    private static let refused = 13
    /// One that is sorted, with all behind it, since so many before it are refused.
    private static let loud = 2_000
    private static let records = 6_000

    /// Long, so that it is still being sent when the server answers.
    private static let csv: String = {
        let word = String(repeating: "w", count: 2_000)
        let rows = (1...records).map { number in
            let isRefused = number % 100 == 0 && number <= refused * 100
            return "\(isRefused ? "x" : "\(number)"),\(word)\n"
        }
        return "id,word\n" + rows.joined()
    }()

    /// Shouts at one row, when it comes for the n-th time.
    private static let surroundings = """
        CREATE SCHEMA alarm;
        CREATE TABLE alarm.t (id int, word text);
        CREATE SEQUENCE alarm.times;
        CREATE FUNCTION alarm.shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('alarm.times') = TG_ARGV[0]::int THEN
                RAISE NOTICE 'alarm: %', repeat('!', 100);
            END IF;
            RETURN NEW;
        END $$;
        """

    /// Our own table is given a trigger as soon as it is made.
    private static let shoutInOurs = """
        CREATE FUNCTION alarm.made() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
            IF to_regclass('pg_temp.pgsluice_rejects') IS NULL THEN
                CREATE TRIGGER shout BEFORE INSERT ON pg_temp.pgsluice_records FOR EACH ROW
                    WHEN (NEW.n = \(loud)) EXECUTE FUNCTION alarm.shout(1);
            END IF;
        END $$;
        CREATE EVENT TRIGGER alarm_made ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
            EXECUTE FUNCTION alarm.made()
        """

    /// No loop in the server does what COPY does with a table that has rules.
    private static let shoutInTheirs = """
        CREATE RULE r AS ON INSERT TO alarm.t WHERE false DO INSTEAD NOTHING;
        CREATE TRIGGER shout BEFORE INSERT ON alarm.t FOR EACH ROW
            WHEN (NEW.id = \(loud)) EXECUTE FUNCTION alarm.shout(2)
        """

    @Test func `amid the records that are to be sorted on the server`() async throws {
        try await expectNoAlarm(Self.shoutInOurs)
    }

    @Test func `amid the good ones that are sent once more`() async throws {
        try await expectNoAlarm(Self.shoutInTheirs)
    }

    private func expectNoAlarm(_ shout: String) async throws {
        try await Server.with { server in
            try await server.query(Self.surroundings + shout)
            let (load, strikes) = try await loadDelayingNotices()
            try await server.query(
                "DROP EVENT TRIGGER IF EXISTS alarm_made; DROP SCHEMA alarm CASCADE")
            #expect(load.code == nil && strikes == 1, "\(String(describing: load.error?.message))")
            #expect(load.counts.rowsRejected == Self.refused)
            #expect(load.counts.rowsLoaded == Self.records - Self.refused)
        }
    }

    private func loadDelayingNotices() async throws -> (Load, strikes: Int) {
        try await FaultProxy.with(PrivateServer.address) { proxy in
            let notice = MessagePattern(.toClient, "N", containing: "alarm: ")
            proxy.arm(Fault(.delay(.milliseconds(300)), .within, notice))
            let load = try await Load.run(Self.csv, into: "alarm.t") {
                $0.connection.host = "127.0.0.1"
                $0.connection.port = String(proxy.port)
                $0.load.jobs = 1
                $0.load.batchBytes = .mebibytes(16)
                $0.load.usesBinaryLane = false
                $0.errors.policy = .reject
                $0.errors.rejects = .none
            }
            return (load, proxy.struck.count)
        }
    }
}
