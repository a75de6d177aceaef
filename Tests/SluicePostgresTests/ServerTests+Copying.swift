import Testing

@testable import SluicePostgres

extension ServerTests {
    @Suite struct Copying {
        @Test func `a COPY of a few rows is there after COMMIT`() async throws {
            try await withConnection { connection in
                _ = try connection.query("CREATE TEMP TABLE t (a int, b text)")
                let results = try connection.beginCopy(
                    "BEGIN; SET LOCAL client_encoding = 'UTF8'; SELECT 7 AS seven; COPY t FROM STDIN"
                )
                #expect(results.map(\.commandTag) == ["BEGIN", "SET", "SELECT 1"])
                #expect(results[2][row: 0, column: "seven"] == "7")
                try connection.put("1\to")
                try connection.put("ne\n2\t\\N\n3\t\u{fc}\n")
                #expect(try connection.finishCopy() == 3)
                try connection.commit()
                let rows = try connection.query("SELECT * FROM t ORDER BY a").rows
                #expect(rows == [["1", "one"], ["2", nil], ["3", "\u{fc}"]])
                #expect(connection.isHealthy == true)
            }
        }

        @Test func `a COPY of nothing has no rows`() async throws {
            try await withConnection { connection in
                _ = try connection.beginCopy("CREATE TEMP TABLE t (a int); COPY t FROM STDIN")
                #expect(try connection.finishCopy() == 0)
            }
        }

        @Test(arguments: ["SELECT 1", "COPY pg_class TO STDOUT"])
        func `without a COPY FROM STDIN none is begun`(sql: String) async throws {
            try await withConnection { connection in
                let error = try await failure { _ = try connection.beginCopy(sql) }
                guard case .protocolViolation = error else {
                    Issue.record("\(error)")
                    return
                }
                connection.rollback()
                #expect(connection.isReusable == (sql == "SELECT 1"))
            }
        }

        @Test func `a COPY that the server refuses is its error`() async throws {
            try await withConnection { connection in
                let error = try await failure {
                    _ = try connection.beginCopy("BEGIN; COPY no_such_table FROM STDIN")
                }
                #expect(error.sqlState?.code == "42P01")
                #expect(connection.transactionStatus == .inError)
                connection.rollback()
                #expect(connection.isHealthy == true)
            }
        }

        @Test func `a COPY that is given up leaves nothing`() async throws {
            try await withConnection { connection in
                _ = try connection.query("CREATE TEMP TABLE t (a int)")
                _ = try connection.beginCopy("BEGIN; COPY t FROM STDIN")
                try connection.put("1\n2\n")
                connection.rollback()
                #expect(connection.isHealthy == true)
                #expect(try connection.value("SELECT count(*) FROM t") == "0")
            }
        }

        @Test func `a bad row at the end is told when the COPY ends`() async throws {
            try await withConnection { connection in
                _ = try connection.query("CREATE TEMP TABLE t (id int)")
                _ = try connection.beginCopy("BEGIN; COPY t FROM STDIN")
                try connection.put("1\nx")
                let error = try await failure { _ = try connection.finishCopy() }
                #expect(error.sqlState?.code == "22P02")
                #expect(error.diagnostics?.context == "COPY t, line 2, column id: \"x\"")
                connection.rollback()
                #expect(connection.isHealthy == true)
            }
        }

        @Test func `a bad row in the middle is told early`() async throws {
            try await withConnection { connection in
                _ = try connection.query("CREATE TEMP TABLE t (id int)")
                _ = try connection.beginCopy("BEGIN; COPY t FROM STDIN")
                let error = try await failure {
                    try connection.put("1\nx\n")
                    let rows = String(repeating: "2\n", count: 32 << 10)
                    for _ in 0..<16_384 { try connection.put(rows) }
                }
                #expect(error.sqlState?.code == "22P02")
                connection.rollback()
                #expect(connection.isHealthy == true)
            }
        }

        @Test func `a COPY that is ended for nothing is a false alarm, and the last one`()
            async throws
        {
            try await withConnection { connection in
                _ = try connection.query("CREATE TEMP TABLE t (a int)")
                _ = try connection.beginCopy("BEGIN; COPY t FROM STDIN")
                try connection.put("1\n")
                let error = try await failure {
                    _ = connection.copy.inputArrived(noticeCount: 0)
                    connection.copy.nothingArrived()
                    _ = try connection.endCopy(
                        failingWith: CopySessionStateMachine.probeMessage,
                        connection.usableHandle())
                }
                #expect(error == .falseAlarm)
                connection.rollback()
                #expect(connection.isHealthy == true)
                #expect(connection.copy.looksForErrors == false)
            }
        }

        @Test func `notices amid a COPY, short and huge, are no error`() async throws {
            let notices = Notices()
            try await withConnection(onNotice: notices.add) { connection in
                _ = try connection.query(
                    """
                    CREATE TEMP TABLE t (a int);
                    CREATE FUNCTION pg_temp.shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    RAISE NOTICE '%', repeat('x', NEW.a); RETURN NEW; END $$;
                    CREATE TRIGGER shout BEFORE INSERT ON t FOR EACH ROW
                    EXECUTE FUNCTION pg_temp.shout()
                    """)
                _ = try connection.beginCopy("BEGIN; COPY t FROM STDIN")
                for _ in 0..<20 {
                    try connection.put("10\n3000000\n" + String(repeating: "0\n", count: 100))
                }
                #expect(try connection.finishCopy() == 20 * 102)
                try connection.commit()
            }
            #expect(notices.all.count == 20 * 102)
            #expect(notices.all[1].message.utf8.count == 3_000_000)
        }

        @Test func `a backend that is terminated says so`() async throws {
            try await withConnection { connection in
                _ = try connection.query("CREATE TEMP TABLE t (a int)")
                _ = try connection.beginCopy("BEGIN; COPY t FROM STDIN")
                try connection.put("1\n")
                let pid = connection.backendPID
                try await withConnection { other in
                    _ = try other.query("SELECT pg_terminate_backend(\(pid), 5000)")
                }
                let error = try await failure {
                    while true { try connection.put("1\n") }
                }
                #expect(error.sqlState == .adminShutdown)
                #expect(error.diagnostics?.severityNonlocalized == "FATAL")
                #expect(connection.isUsable == false)
                connection.rollback()
            }
        }

        @Test func `a backend that is terminated before the end says so`() async throws {
            try await withConnection { connection in
                _ = try connection.query("CREATE TEMP TABLE t (a int)")
                _ = try connection.beginCopy("BEGIN; COPY t FROM STDIN")
                let pid = connection.backendPID
                try await withConnection { other in
                    _ = try other.query("SELECT pg_terminate_backend(\(pid), 5000)")
                }
                let error = try await failure { _ = try connection.finishCopy() }
                #expect(error.sqlState == .adminShutdown)
                #expect(connection.isUsable == false)
            }
        }
    }
}
