import Testing

@testable import SluicePostgres

@Suite struct ConnectTextsTests {
    @Test func `the SQLSTATE is taken out of a failed connection's message`() {
        let failure = ConnectFailure(
            verboseMessage: """
                connection to server at "localhost" (127.0.0.1), port 5432 failed: FATAL:  28P01: \
                password authentication failed for user "u"
                DETAIL:  Role "u" does not exist.
                LOCATION:  auth_failed, auth.c:335

                """)
        #expect(failure.sqlState == .invalidPassword)
        #expect(
            failure.message == """
                connection to server at "localhost" (127.0.0.1), port 5432 failed: FATAL:  \
                password authentication failed for user "u"
                DETAIL:  Role "u" does not exist.
                """)
    }

    @Test func `of several addresses the last SQLSTATE counts`() {
        let failure = ConnectFailure(
            verboseMessage: "a failed: FATAL:  57P03: starting\nb failed: FATAL:  53300: too many")
        #expect(failure.sqlState == .tooManyConnections)
        #expect(failure.message == "a failed: FATAL:  starting\nb failed: FATAL:  too many")
    }

    @Test(arguments: [
        "connection to server at \"h\", port 1 failed: Connection refused", "", ":  ", "x:  12345",
        "a:  28p01: lower case is no state", "a:  2801: four are none",
    ])
    func `a message without a SQLSTATE stays as it is`(message: String) {
        let failure = ConnectFailure(verboseMessage: message)
        #expect(failure.sqlState == nil)
        #expect(failure.message == message)
    }

    @Test func `a conninfo wins over host, port and user, and UTF8 over all`() {
        let parameters = ConnectionParameters(
            dbname: "host=b", host: "a", port: "1", user: "me")
        let pairs = parameters.keywordsAndValues.map { "\($0.keyword)=\($0.value)" }
        #expect(
            pairs == [
                "fallback_application_name=pgsluice", "host=a", "port=1", "user=me",
                "dbname=host=b", "client_encoding=UTF8",
            ])
    }

    @Test(arguments: [
        (ConnectionParameters(host: "a,b"), true),
        (ConnectionParameters(dbname: "host=a,b"), true),
        (ConnectionParameters(dbname: "hostaddr=10.0.0.1,10.0.0.2"), true),
        (ConnectionParameters(dbname: "postgresql://a:1,b:2/db"), true),
        (ConnectionParameters(dbname: "host=a", host: "a,b"), false),
        (ConnectionParameters(dbname: "host=a,b target_session_attrs=any"), false),
        (ConnectionParameters(dbname: "postgresql://a,b/?target_session_attrs=standby"), false),
        (ConnectionParameters(host: "a"), false),
        (ConnectionParameters(dbname: "name,with,commas", host: "a"), false),
    ])
    func `of several hosts the one that can be written to is asked for`(
        parameters: ConnectionParameters, asks: Bool
    ) {
        let values = parameters.keywordsAndValues.filter { $0.keyword == "target_session_attrs" }
        #expect(values.map(\.value) == (asks ? ["read-write"] : []))
    }

    @Test func `a SQLSTATE is five digits or capital letters`() {
        #expect(SQLState("22P02")?.classCode == "22")
        for text in ["", "22P0", "22P022", "22p02", "22 02", "2\u{dc}P0"] {
            #expect(SQLState(text) == nil)
        }
    }
}
