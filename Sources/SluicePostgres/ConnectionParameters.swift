import CLibpq
import Glibc

/// Where to connect to and as whom, in libpq's own terms.
///
/// What is not given comes from the PG* variables, the service file and the password file, as
/// for every libpq program.
package struct ConnectionParameters: Hashable, Sendable {
    /// A database's name, a conninfo string or a URI; these last win over the other fields.
    package var dbname: String?
    /// One or more, separated by commas, as for `-h`.
    package var host: String?
    package var port: String?
    package var user: String?
    /// How long one `open()` may take, over all hosts, unless `connect_timeout` is given.
    package var connectTimeout: Duration

    package init(
        dbname: String? = nil, host: String? = nil, port: String? = nil, user: String? = nil,
        connectTimeout: Duration = .seconds(30)
    ) {
        self.dbname = dbname
        self.host = host
        self.port = port
        self.user = user
        self.connectTimeout = connectTimeout
    }

    /// Keywords and values for `PQconnectStartParams` with `expand_dbname`; the last value counts.
    var keywordsAndValues: [(keyword: String, value: String)] {
        let given: [(String, String?)] = [
            ("fallback_application_name", "pgsluice"),
            ("target_session_attrs", asksForReadWrite ? "read-write" : nil),
            ("host", host), ("port", port), ("user", user), ("dbname", dbname),
            ("client_encoding", "UTF8"),
        ]
        return given.compactMap { keyword, value in value.map { (keyword, $0) } }
    }

    /// Whether there are several hosts, and nobody said which of them will do.
    ///
    /// Not looked into is a service that `dbname` names.
    private var asksForReadWrite: Bool {
        let options = Conninfo.parsing(dbname)
        let defaults = Conninfo.defaults
        guard options["target_session_attrs"] == nil, getenv("PGTARGETSESSIONATTRS") == nil,
            ["any", nil].contains(defaults["target_session_attrs"])
        else { return false }
        let host = options["host"] ?? host ?? defaults["host"]
        let address = options["hostaddr"] ?? defaults["hostaddr"]
        return [host, address].contains { $0?.contains(",") == true }
    }
}

/// libpq's tables of connection options; only those that have a value.
enum Conninfo {
    /// What libpq would use where nothing is given. The libpq function is `PQconndefaults`.
    static var defaults: [String: String] { copying(PQconndefaults()) }

    /// What is said in `dbname`: nothing, if it is a name or cannot be read.
    ///
    /// The libpq function is `PQconninfoParse`.
    static func parsing(_ dbname: String?) -> [String: String] {
        guard let dbname, isConninfo(dbname) else { return [:] }
        return copying(PQconninfoParse(dbname, nil))
    }

    /// What a connection uses. The libpq function is `PQconninfo`.
    static func used(by connection: OpaquePointer) -> [String: String] {
        copying(PQconninfo(connection))
    }

    /// libpq's own rule.
    private static func isConninfo(_ dbname: String) -> Bool {
        dbname.hasPrefix("postgresql://") || dbname.hasPrefix("postgres://")
            || dbname.contains("=")
    }

    private static func copying(
        _ table: UnsafeMutablePointer<PQconninfoOption>?
    ) -> [String: String] {
        defer { PQconninfoFree(table) }
        var options: [String: String] = [:]
        var next = table
        while let option = next?.pointee, let keyword = option.keyword {
            if let value = option.val { options[String(cString: keyword)] = String(cString: value) }
            next = next?.successor()
        }
        return options
    }
}
