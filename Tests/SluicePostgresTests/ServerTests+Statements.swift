import Synchronization
import Testing

@testable import SluicePostgres

extension ServerTests {
    @Suite struct Statements {
        @Test func `parameters go as text, and NULL as NULL`() async throws {
            try await withConnection { connection in
                let result = try connection.query(
                    "SELECT $1::int + 1 AS n, $2::text AS t, $3::text AS u", ["41", "it's", nil])
                #expect(result.columns == ["n", "t", "u"])
                #expect(result.rows == [["42", "it's", nil]])
                #expect(result[row: 0, column: "n"] == "42")
                #expect(result.commandTag == "SELECT 1")
                #expect(result.affectedRows == 1)
            }
        }

        @Test func `of several statements the last result counts, and the first error`()
            async throws
        {
            try await withConnection { connection in
                let tag = try connection.query("SELECT 1; BEGIN; SELECT 2; COMMIT").commandTag
                #expect(tag == "COMMIT")
                let error = try await failure {
                    _ = try connection.query("SELECT 1; SELECT 1/0; SELECT nope")
                }
                #expect(error.sqlState == SQLState("22012"))
                #expect(connection.isHealthy == true)
            }
        }

        @Test func `an error has all its fields`() async throws {
            try await withConnection { connection in
                _ = try connection.query(
                    "CREATE TEMP TABLE t (a int CONSTRAINT small CHECK (a < 9))")
                let error = try await failure {
                    _ = try connection.query("INSERT INTO t VALUES (10)")
                }
                let diagnostics = try #require(error.diagnostics)
                #expect(diagnostics.severity == "ERROR")
                #expect(diagnostics.severityNonlocalized == "ERROR")
                #expect(diagnostics.sqlState.code == "23514")
                #expect(diagnostics.detail == "Failing row contains (10).")
                #expect(diagnostics.schemaName?.hasPrefix("pg_temp") == true)
                #expect(diagnostics.tableName == "t")
                #expect(diagnostics.constraintName == "small")
                #expect(diagnostics.sourceFile == "execMain.c")
                #expect(diagnostics.sourceFunction == "ExecConstraints")
                #expect(diagnostics.sourceLine != nil)
                let misspelt = try await failure { _ = try connection.query("SELECT nope") }
                #expect(misspelt.diagnostics?.statementPosition == 8)
            }
        }

        @Test func `a notice comes with its fields`() async throws {
            let notices = Notices()
            try await withConnection(onNotice: notices.add) { connection in
                _ = try connection.query(
                    """
                    DO $$ BEGIN RAISE WARNING USING MESSAGE = 'm', DETAIL = 'd', HINT = 'h',
                    ERRCODE = '01P01', COLUMN = 'c', CONSTRAINT = 'k', DATATYPE = 'y', TABLE = 't',
                    SCHEMA = 's'; END $$
                    """)
            }
            let notice = try #require(notices.all.first)
            #expect(notices.all.count == 1)
            #expect(notice.severity == "WARNING")
            #expect(notice.sqlState.code == "01P01")
            #expect([notice.message, notice.detail, notice.hint] == ["m", "d", "h"])
            #expect([notice.columnName, notice.constraintName] == ["c", "k"])
            #expect([notice.dataTypeName, notice.tableName, notice.schemaName] == ["y", "t", "s"])
            #expect(notice.context?.hasPrefix("PL/pgSQL function") == true)
        }

        @Test func `a NUL never cuts a statement short`() async throws {
            try await withConnection { connection in
                for (sql, parameters) in [("SELECT 1\0", []), ("SELECT $1", ["\0"])] {
                    let error = try await failure { _ = try connection.query(sql, parameters) }
                    guard case .protocolViolation = error else {
                        Issue.record("\(error)")
                        return
                    }
                }
                #expect(connection.isHealthy == true)
            }
        }

        @Test func `a COPY as a query is refused, and the connection lives on`() async throws {
            try await withConnection { connection in
                let error = try await failure {
                    _ = try connection.query("CREATE TEMP TABLE t (a int); COPY t FROM STDIN")
                }
                #expect(error == .protocolViolation("COPY FROM STDIN as a query"))
                #expect(connection.isHealthy == true)
            }
        }

        @Test func `COMMIT says whether it committed`() async throws {
            try await withConnection { connection in
                _ = try connection.query(
                    "CREATE TEMP TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
                _ = try connection.query("BEGIN; INSERT INTO t VALUES (1)")
                #expect(connection.transactionStatus == .inTransaction)
                try connection.commit()

                _ = try connection.query("BEGIN; INSERT INTO t VALUES (1)")
                let refusal = try await failure { try connection.commit() }
                #expect(refusal.diagnostics?.sqlState.code == "23505")

                _ = try? connection.query("BEGIN; SELECT 1/0")
                #expect(connection.transactionStatus == .inError)
                let rolledBack = try await failure { try connection.commit() }
                #expect(rolledBack == .rolledBack)
                #expect(try connection.value("SELECT count(*) FROM t") == "1")
            }
        }

        @Test func `rollback ends a statement that is interrupted while it waits for a lock`()
            async throws
        {
            try await withConnection { holder in
                _ = try holder.query("BEGIN; SELECT pg_advisory_xact_lock(7)")
                try await withConnection { waiter in
                    try await interrupting(waiter, after: .milliseconds(100)) {
                        let error = try await failure {
                            _ = try waiter.query("BEGIN; SELECT pg_advisory_xact_lock(7)")
                        }
                        #expect(error == .cancelled)
                    }
                    #expect(waiter.isReusable == false)
                    waiter.rollback()
                    #expect(waiter.isReusable == true)
                    let error = try await failure { _ = try waiter.query("SELECT 1") }
                    #expect(error == .cancelled)
                    waiter.clearInterrupt()
                    #expect(try waiter.value("SELECT 1") == "1")
                }
            }
        }
    }
}

/// Collects notices.
final class Notices: Sendable {
    private let collected = Mutex<[ServerDiagnostics]>([])

    var all: [ServerDiagnostics] { collected.withLock { $0 } }

    func add(_ notice: ServerDiagnostics) {
        collected.withLock { $0.append(notice) }
    }
}
