import Glibc

/// PostgreSQL's programs, run as somebody whom they accept.
package enum ServerPrograms {
    /// Whom servers run as where that is not who runs the tests: PostgreSQL refuses to be root.
    private static let owner: (user: uid_t, group: gid_t)? = {
        guard geteuid() == 0 else { return nil }
        let entry = getpwnam("postgres") ?? getpwnam("nobody")
        return entry.map { ($0.pointee.pw_uid, $0.pointee.pw_gid) }
    }()

    /// As scripts/with-server.sh gives it.
    package static var folder: String {
        get throws {
            guard let folder = Environment.current["PGSLUICE_TEST_PGBIN"] else { throw Missing() }
            return folder
        }
    }

    /// There is no server to test with.
    struct Missing: Error, CustomStringConvertible {
        let description = "PGSLUICE_TEST_PGBIN is unset: run this by scripts/with-server.sh"
    }

    /// A command of the owner's.
    static func owned(_ command: [String]) -> [String] {
        let command = ["/usr/bin/env", "LC_ALL=C"] + command
        guard let owner else { return command }
        // Unlike runuser it becomes the program, which so hears its signals.
        return [
            "/usr/bin/setpriv", "--reuid=\(owner.user)", "--regid=\(owner.group)", "--clear-groups",
        ] + command
    }

    /// Runs one of PostgreSQL's programs as the owner.
    /// - Throws: `ChildFailed` when it did not end with 0.
    @discardableResult
    static func run(
        _ program: String, _ arguments: [String], within limit: Duration = .seconds(60)
    ) async throws -> String {
        let end = try await ChildProcess.run(
            owned(["\(folder)/\(program)"] + arguments), environment: Environment.withoutServer,
            within: limit)
        guard end.status == 0 else { throw ChildFailed(end) }
        return end.output
    }

    /// Makes the path the owner's.
    static func give(_ path: String) {
        guard let owner else { return }
        let code = chown(path, owner.user, owner.group)
        precondition(code == 0, "root may give \(path) away")
    }

    /// Makes a folder of the owner's, under the private server's, which goes with all it holds.
    static func makeFolder() throws -> String {
        guard let parent = PrivateServer.folder else { throw Missing() }
        var template = Array("\(parent)/t.XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "a folder can be made in \(parent)")
        let path = String(
            decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        give(path)
        return path
    }

    /// Removes a folder and all that it holds.
    static func removeFolder(_ path: String) async throws {
        let end = try await ChildProcess.run(["/bin/rm", "-rf", "--", path])
        guard end.status == 0 else { throw ChildFailed(end) }
    }
}
