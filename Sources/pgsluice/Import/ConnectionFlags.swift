import ArgumentParser
import Sluice

struct ConnectionFlags: ParsableArguments {
    static let valueFlags: [ValueFlag] = [
        .once("--dbname", short: "d"), .once("--host", short: "h"), .once("--port", short: "p"),
        .once("--username", short: "U"),
    ]

    @Option(
        name: [.customShort("d"), .long],
        help: "The database: a name, a conninfo string or a URI.")
    var dbname: String?

    @Option(
        name: [.customShort("h"), .long],
        help: "The server's host, or the folder of its socket.")
    var host: String?

    @Option(name: [.customShort("p"), .long], help: "The server's port.")
    var port: String?

    @Option(
        name: [.customShort("U"), .long],
        help: """
            The user. What is not given comes from the PG* variables, service files and \
            ~/.pgpass; so does the password.
            """)
    var username: String?

    var options: ConnectionOptions {
        var options = ConnectionOptions()
        options.database = dbname
        options.host = host
        options.port = port
        options.user = username
        return options
    }
}
